import { createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** Makes the bodies the same in each run and on each machine. */
const SEED = 20_150_101;
const SCALE = 25;
const FIRST_DATE = 1_420_066_800;
const BLOCK_ROWS = 4_096;

/**
 * Writes a body of full-precision samples, one row per second, and the expected response.
 * @param {string} path of the body; the response is written to `${path}.expected`
 * @param {number} rows
 * @param {object} [other] for a method other than the sum
 * @param {object} [other.param]
 * @param {string[]} [other.series] the names of the two series
 */
export async function writeBody(path, rows, { param = { scale: SCALE }, series = ['e1_ts', 'e2_ts'] } = {}) {
  const expected = `${path}.expected`;
  const body = textOf(
    rows,
    `{"param":${JSON.stringify(param)},"scalar":{"headers":${JSON.stringify(['date', ...series])},"data":[`,
    (date, e1, e2) => `[${date}.0,${e1},${e2}]`,
    ']}}',
  );
  const response = textOf(
    rows,
    '{"scalar":{"headers":["date","sum_ts"],"data":[',
    (date, e1, e2) => `[${date}.0,${SCALE * (e1 + e2)}]`,
    ']},"error":0,"log":""}',
  );
  await pipeline(body, createWriteStream(path));
  await pipeline(response, createWriteStream(expected));
  return { path, expected, rows, bytes: statSync(path).size };
}

/** Yields a JSON text in blocks. */
function* textOf(rows, head, rowText, tail) {
  const random = mulberry32(SEED);
  yield head;
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    let block = '';
    for (let row = start; row < Math.min(start + BLOCK_ROWS, rows); row++) {
      const [e1, e2] = [100 * uniform(random), 1000 * uniform(random)];
      block += `${row > 0 ? ',' : ''}${rowText(FIRST_DATE + row, e1, e2)}`;
    }
    yield block;
  }
  yield tail;
}

/** A double in [0, 1) with 53 random bits. */
function uniform(random) {
  return ((random() >>> 5) * 2 ** 26 + (random() >>> 6)) / 2 ** 53;
}

/** Tommy Ettinger's Mulberry32: 32 random bits per call. */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return mixed ^ (mixed >>> 14);
  };
}
