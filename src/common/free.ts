/** A closed port frees a buffer that is transferred to it (HTML standard). Node 20 has no ArrayBuffer.prototype.transfer. */
const { port1: closed } = new MessageChannel();
closed.close();

/** To free fewer bytes takes longer than to garbage-collect them. */
const LEAST_BYTES = 4096;

/**
 * Frees the memory of an array now. Otherwise V8 counts it towards a heap hardly larger than one body, and marks all of that
 * again every few requests. Afterwards the array, and any other over the same buffer, is empty. Short arrays are left to the
 * garbage collector: V8 creates their buffers only when they are accessed.
 */
export function free(array: Float64Array | Uint8Array): void {
  if (!isShort(array.byteLength)) closed.postMessage(undefined, [array.buffer as ArrayBuffer]);
}

/** Whether an array of this many bytes is left to the garbage collector. */
export const isShort = (bytes: number): boolean => bytes < LEAST_BYTES;

/** The same for a chunk from Node. Chunks that share a buffer are left alone. */
export function freeChunk(chunk: Uint8Array): void {
  if (chunk.length === chunk.buffer.byteLength) free(chunk);
}
