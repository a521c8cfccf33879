import { type DecoderOptions, type FrameDecoder } from './frame-decoder.js';
import { type Frame, type FrameSchema, type Missing } from './frame.js';
import { KernelFrameDecoder } from './kernel-frame-decoder.js';
import { encodeFrameKernel } from './kernel-frame-encoder.js';
import { kernel } from './kernel/kernel.js';
import { PlainFrameDecoder } from './plain-frame-decoder.js';
import { encodeFramePlain } from './plain-frame-encoder.js';
import { SHORT_BODY_BYTES, ShortBodyDecoder } from './short-body-decoder.js';

/** A decoder for one body: the kernel's, or the plain one without WebAssembly SIMD. Short bodies get a faster one first. */
export function createFrameDecoder(schema: FrameSchema, options: DecoderOptions = {}): FrameDecoder {
  const { expectedBytes = Infinity } = options;
  const create = () =>
    kernel === undefined ? new PlainFrameDecoder(schema) : new KernelFrameDecoder(kernel, schema, options);
  return expectedBytes > SHORT_BODY_BYTES ? create() : new ShortBodyDecoder(schema, expectedBytes, create);
}

/**
 * Encodes a frame as `{"headers":[…],"data":[[…],…]}`, in pieces that the caller owns. Numbers are written as by JSON.stringify,
 * with `.0` if that has neither point nor exponent; negative zero is `-0.0`. Values must be finite, or NaN if missing.
 */
export function encodeFrame(frame: Frame, missing: Missing): Iterable<Uint8Array> {
  return kernel === undefined ? encodeFramePlain(frame, missing) : encodeFrameKernel(kernel, frame, missing);
}
