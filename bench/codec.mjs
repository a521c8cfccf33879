// The codec alone: body to frame, sum, frame to text, without HTTP. The same command line as rivals/native/codec.cpp.
//
//   node bench/codec.mjs BODY             one decode + sum + encode for each line on stdin; its milliseconds and bytes on stdout
//   node bench/codec.mjs BODY --answer    the encoded response on stdout
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createFrameDecoder, encodeFrame } from '../dist/common/frame/frame-codec.js';
import { Frame } from '../dist/common/frame/frame.js';
import { sum } from '../dist/modules/time-series/sum.js';

/** The size in which a socket hands over a large body. */
const CHUNK_BYTES = 65_536;

const [path, response] = process.argv.slice(2);
const body = readFileSync(path);

async function run(send) {
  const decoder = createFrameDecoder(
    { params: ['scale'], series: ['e1_ts', 'e2_ts'] },
    { expectedBytes: body.length },
  );
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

if (response === '--answer') {
  await run((piece) => process.stdout.write(piece));
} else {
  const rounds = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  while (!(await rounds.next()).done) {
    let bytes = 0;
    const start = performance.now();
    await run((piece) => (bytes += piece.length));
    process.stdout.write(`${performance.now() - start} ${bytes}\n`);
  }
}
