import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** Bodies of the same length in rows are the same bytes, in each run and on each machine. */
const SEED = 20_150_101;
const SCALE = 25;
const FIRST_DATE = 1_420_066_800;
const BLOCK_ROWS = 4_096;

/**
 * What the right response to a body is.
 * @typedef {object} Expected
 * @property {number} rows
 * @property {number} bytes the length of `{"scalar":{"headers":[…],"data":[…]}`, with which the service's response begins
 * @property {string} sha256 the digest of that beginning
 */

/**
 * Writes a body of full-precision samples, dates one second apart, a block at a time.
 * @param {string} path
 * @param {number} rows
 * @returns {Promise<Expected>}
 */
export async function writeBody(path, rows) {
  const body = createWriteStream(path);
  const hash = createHash('sha256');
  let bytes = 0;
  const expect = (text) => {
    hash.update(text);
    bytes += text.length;
  };

  body.write(`{"param":{"scale":${SCALE}},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[`);
  expect('{"scalar":{"headers":["date","sum_ts"],"data":[');
  const random = mulberry32(SEED);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    let [block, response] = ['', ''];
    for (let row = start; row < Math.min(start + BLOCK_ROWS, rows); row++) {
      const date = FIRST_DATE + row;
      const [e1, e2] = [100 * uniform(random), 1000 * uniform(random)];
      const comma = row > 0 ? ',' : '';
      block += `${comma}[${date}.0,${e1},${e2}]`;
      response += `${comma}[${date}.0,${double(SCALE * (e1 + e2))}]`;
    }
    expect(response);
    if (!body.write(block)) await once(body, 'drain');
  }
  expect(']}');
  body.end(']}}');
  await once(body, 'finish');
  return { rows, bytes, sha256: hash.digest('hex') };
}

/** A number as the service writes it. */
const double = (value) => (Number.isInteger(value) ? `${value}.0` : String(value));

/** A double in [0, 1) with 53 random bits. */
function uniform(random) {
  return ((random() >>> 5) * 2 ** 26 + (random() >>> 6)) / 2 ** 53;
}

/** Tommy Ettinger's Mulberry32: 32 random bits a call. */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return mixed ^ (mixed >>> 14);
  };
}

/**
 * The digest of the part of a response that is `{"headers":…,"data":…}`, written anew: equal where every value is the
 * same double, whatever the spelling and the order of keys.
 * @param {string} response JSON
 * @returns {string} comparable with `Expected.sha256`
 */
export function digestOfValues(response) {
  const { headers, data } = JSON.parse(response).scalar;
  const rows = data.map((row) => `[${row.map(double).join()}]`);
  return createHash('sha256')
    .update(`{"scalar":{"headers":${JSON.stringify(headers)},"data":[${rows.join()}]}`)
    .digest('hex');
}
