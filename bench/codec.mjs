// The codec alone, without HTTP: body to frame, sum, frame to text. The command line is that of rivals/native/codec.cpp.
//
//   node bench/codec.mjs BODY           prints the encoded response
//   node bench/codec.mjs BODY ROUNDS    prints the milliseconds of each decode + sum + encode
import { readFileSync } from 'node:fs';
import { createFrameDecoder, encodeFrame } from '../dist/common/frame/frame-codec.js';
import { Frame } from '../dist/common/frame/frame.js';
import { sum } from '../dist/modules/time-series/sum.js';

/** The size of the chunks in which a socket emits a large body. */
const CHUNK_BYTES = 65_536;

const [path, rounds] = process.argv.slice(2);
const body = readFileSync(path);

async function run(send) {
  const decoder = createFrameDecoder({ params: ['scale'], series: ['e1_ts', 'e2_ts'] }, { expectedBytes: body.length });
  for (let start = 0; start < body.length; start += CHUNK_BYTES)
    decoder.push(body.subarray(start, start + CHUNK_BYTES));
  const { params, frame } = await decoder.end();
  const sums = sum(frame.column('e1_ts'), frame.column('e2_ts'), params.scale);
  const result = new Frame(
    new Map([
      ['date', frame.column('date')],
      ['sum_ts', sums],
    ]),
  );
  for (const piece of encodeFrame(result, 'null')) send(piece);
}

if (rounds === undefined) await run((piece) => process.stdout.write(piece));
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  await run(() => undefined);
  console.log(performance.now() - start);
}
