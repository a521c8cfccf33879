import { type DecodedBody, type FrameDecoder } from '../../src/common/frame/frame-decoder.js';
import { free } from '../../src/common/free.js';
import { createFrameDecoder } from '../../src/common/frame/frame-codec.js';
import { KernelFrameDecoder } from '../../src/common/frame/kernel-frame-decoder.js';
import { kernel, type Kernel } from '../../src/common/frame/kernel/kernel.js';
import { PlainFrameDecoder } from '../../src/common/frame/plain-frame-decoder.js';
import { type Fault } from '../../src/common/frame/fault-finder.js';
import { allFaults, withRefusal } from '../../src/modules/playground/page/all-faults.js';
import { seriesOf } from '../../src/common/frame/series-reader.js';

const schema = { params: ['scale'], series: ['a', 'b'], optional: [] };

/** The result of a decoder, in a form that can be compared. */
async function verdict(decoder: FrameDecoder, pieces: readonly Uint8Array[]): Promise<unknown> {
  for (const piece of pieces) {
    // A request's chunk is freed after it is decoded, too.
    const chunk = Uint8Array.from(piece);
    decoder.push(chunk);
    free(chunk);
  }
  try {
    const { params, frame }: DecodedBody = await decoder.end();
    return {
      params,
      columns: [...frame.columns].map(([name, column]) => [name, Buffer.from(column.slice().buffer).toString('hex')]),
    };
  } catch (error) {
    const { errorCode, message } = error as { errorCode?: { code: number }; message: string };
    if (errorCode === undefined) throw error;
    return { code: errorCode.code, log: message };
  }
}

export const asPlainDecodes = (pieces: readonly Uint8Array[]) => verdict(new PlainFrameDecoder(schema), pieces);

export const asKernelDecodes = (pieces: readonly Uint8Array[]) =>
  verdict(new KernelFrameDecoder(kernel as Kernel, schema, {}), pieces);

/** Decodes like the service for a request with a Content-Length. */
export const asServiceDecodes = (pieces: readonly Uint8Array[]) =>
  verdict(createFrameDecoder(schema, { expectedBytes: Buffer.concat(pieces).length }), pieces);

/** The sum as the playground knows it. */
const SUM = { params: ['scale'], series: ['e1_ts', 'e2_ts'], optional: [] };
const SCALE = { name: 'scale', schema: { type: 'number' }, isRequired: true };

const verdictOf = ([first]: readonly Fault[] = []): unknown => first && { code: first.error, log: first.log };

/** The first fault that the playground finds in a body, without its params; undefined if there is none. */
export const asPlaygroundJudges = (bytes: Uint8Array): unknown => verdictOf(seriesOf(bytes, schema).faults?.listed);

/** The first fault that the playground finds in a body for the sum, and the one that it shows after the service's refusal. */
export function asPlaygroundTells(bytes: Uint8Array, error: number, log: string) {
  const faults = allFaults(seriesOf(bytes, SUM), [SCALE]);
  return { found: verdictOf(faults.listed), told: verdictOf(withRefusal(faults, error, log).listed) };
}
