import { type DecoderOptions, type FrameDecoder, type FrameSchema } from './frame-decoder.js';
import { type Frame, type Missing } from './frame.js';
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
 * Writes `{"headers":[…],"data":[[…],…]}` in pieces, each the caller's own: numbers as JSON.stringify would, with `.0` where
 * that has neither point nor exponent, and `-0.0`. Values must be finite or NaN, which means missing.
 */
export function encodeFrame(frame: Frame, missing: Missing): Iterable<Uint8Array> {
  return kernel === undefined ? encodeFramePlain(frame, missing) : encodeFrameKernel(kernel, frame, missing);
}
