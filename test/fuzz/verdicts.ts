import { type DecodedBody, type FrameDecoder } from '../../src/common/frame/frame-decoder.js';
import { free } from '../../src/common/free.js';
import { KernelFrameDecoder } from '../../src/common/frame/kernel-frame-decoder.js';
import { kernel, type Kernel } from '../../src/common/frame/kernel/kernel.js';
import { PlainFrameDecoder } from '../../src/common/frame/plain-frame-decoder.js';
import { readSeries } from '../../src/modules/playground/page/series-reader.js';

const schema = { params: ['scale'], series: ['a', 'b'] };

/** What a decoder makes of a body, in a form that two of them can be compared by. */
async function verdict(decoder: FrameDecoder, pieces: readonly Uint8Array[]): Promise<unknown> {
  for (const piece of pieces) {
    // As a request's chunk, which is gone once it is decoded.
    const chunk = Uint8Array.from(piece);
    decoder.push(chunk);
    free(chunk);
  }
  try {
    const { params, frame }: DecodedBody = await decoder.end();
    return {
      params,
      columns: [...frame.columns].map(([name, column]) => [
        name,
        Buffer.from(column.slice().buffer).toString('hex'),
      ]),
    };
  } catch (error) {
    const { errorCode, message } = error as { errorCode?: { code: number }; message: string };
    if (errorCode === undefined) throw error;
    return { code: errorCode.code, log: message };
  }
}

export const asPlainDecodes = (pieces: readonly Uint8Array[]) =>
  verdict(new PlainFrameDecoder(schema), pieces);

export const asKernelDecodes = (pieces: readonly Uint8Array[]) =>
  verdict(new KernelFrameDecoder(kernel as Kernel, schema, {}), pieces);

/** The first fault that the playground finds; undefined where it finds none. */
export function asPlaygroundJudges(bytes: Uint8Array): unknown {
  const [first] = readSeries(bytes, schema.series).faults?.listed ?? [];
  return first && { code: first.error, log: first.log };
}
