import { type DecoderOptions, type FrameDecoder, type FrameSchema } from './frame-decoder.js';
import { type Frame } from './frame.js';
import { KernelFrameDecoder } from './kernel-frame-decoder.js';
import { encodeFrameKernel } from './kernel-frame-encoder.js';
import { kernel } from './kernel/kernel.js';
import { PlainFrameDecoder } from './plain-frame-decoder.js';
import { encodeFramePlain } from './plain-frame-encoder.js';

/** A decoder for one body: on the kernel, or the plain one where WebAssembly SIMD is missing. */
export function createFrameDecoder(schema: FrameSchema, options: DecoderOptions = {}): FrameDecoder {
  return kernel === undefined
    ? new PlainFrameDecoder(schema)
    : new KernelFrameDecoder(kernel, schema, options);
}

/**
 * Writes `{"headers":[…],"data":[[…],…]}` in pieces, each the caller's own, as JSON.stringify would: NaN becomes null.
 * Every other value must be finite.
 */
export function encodeFrame(frame: Frame): Iterable<Uint8Array> {
  return kernel === undefined ? encodeFramePlain(frame) : encodeFrameKernel(kernel, frame);
}
