import { inspect, isDeepStrictEqual } from 'node:util';
import { asKernelDecodes, asPlainDecodes } from './verdicts.js';

/** Few cuts, so that the search varies mostly the body. */
const MAX_CUTS = 3;

/**
 * Called by @jazzer.js/core. Both decoders must give the same result. The first byte is the number of cuts, the next ones are
 * their places, the rest is the body.
 */
export async function fuzz(data: Buffer): Promise<void> {
  const cuts = Math.min((data[0] ?? 0) % (MAX_CUTS + 1), Math.max(data.length - 1, 0));
  const body = data.subarray(1 + cuts);
  const places = [...data.subarray(1, 1 + cuts)]
    .map((place) => Math.floor((place / 256) * body.length))
    .sort((a, b) => a - b);
  const pieces = [0, ...places].map((from, i) => body.subarray(from, places[i] ?? body.length));
  const [found, expected] = [await asKernelDecodes(pieces), await asPlainDecodes([body])];
  if (!isDeepStrictEqual(found, expected))
    throw new Error(
      `the kernel and the plain decoder differ, cut at [${places.join()}]:\n${inspect({ found, expected }, { depth: 9 })}\n${body.toString()}`,
    );
}
