/** A closed port takes over what it is sent, as HTML has it, and drops it at once. Node 20 has no ArrayBuffer.prototype.transfer. */
const { port1: closed } = new MessageChannel();
closed.close();

/** To give back fewer bytes takes longer than to collect them. */
const LEAST_BYTES = 4096;

/**
 * Gives the memory of an array back now, rather than when garbage is collected: V8 counts it against a heap that is hardly larger
 * than one body, and marks all of that again every few requests. The array has no elements afterwards, nor has any other over the same
 * buffer. Short ones are left to the garbage collector.
 */
export function free({ buffer }: Float64Array | Uint8Array): void {
  if (buffer.byteLength >= LEAST_BYTES) closed.postMessage(undefined, [buffer as ArrayBuffer]);
}

/** The same for bytes that Node has made, of which several may share a buffer; these are left alone. */
export function freeChunk(chunk: Uint8Array): void {
  if (chunk.length === chunk.buffer.byteLength) free(chunk);
}
