import { type DecoderOptions, type FrameDecoder, type FrameSchema } from './frame-decoder.js';
import { type Frame } from './frame.js';
import { PlainFrameDecoder } from './plain-frame-decoder.js';
import { encodeFramePlain } from './plain-frame-encoder.js';

/** A decoder for one body. */
export function createFrameDecoder(schema: FrameSchema, _options: DecoderOptions = {}): FrameDecoder {
  return new PlainFrameDecoder(schema);
}

/**
 * Writes `{"headers":[…],"data":[[…],…]}` in pieces, each the caller's own, as JSON.stringify would: NaN becomes null.
 * Every other value must be finite.
 */
export function encodeFrame(frame: Frame): Iterable<Uint8Array> {
  return encodeFramePlain(frame);
}
