import { describe, expect, it } from '@jest/globals';
import { Frame } from '../../src/common/frame/frame.js';
import { KernelFrameDecoder } from '../../src/common/frame/kernel-frame-decoder.js';
import { encodeFrameKernel } from '../../src/common/frame/kernel-frame-encoder.js';
import { kernel as built, type Kernel } from '../../src/common/frame/kernel/kernel.js';
import { encodeFramePlain } from '../../src/common/frame/plain-frame-encoder.js';

const kernel = built as Kernel;
const COUNT = Number(process.env.NUMBERS ?? 100_000);
const SEED = Number(process.env.NUMBERS_SEED ?? Date.now() % 2 ** 31);
const BATCH = 100_000;

/** 32 random bits at a time from the seed (mulberry32). */
let state = SEED;
function bits(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}
const below = (bound: number): number => Math.floor((bits() / 2 ** 32) * bound);

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);
/** A finite double of any magnitude, from 64 random bits. */
function anyDouble(): number {
  do words.set([bits(), bits()]);
  while (!Number.isFinite(double[0]));
  return double[0] as number;
}

/** The exact decimal halfway between two adjacent doubles: the hardest case to round. */
function halfway(): string {
  const [mantissa, exponent] = [2n ** 52n + BigInt(bits()) * 1048576n + BigInt(below(1048576)), below(120) - 60];
  const twice = 2n * mantissa + 1n;
  return exponent >= 0 ? (twice << BigInt(exponent)).toString() : `${twice * 5n ** BigInt(-exponent)}e${exponent}`;
}

/** Decimals of each form, and near the limits of each decoding path. */
const FORMS: readonly (() => string)[] = [
  () => String(anyDouble()),
  () => anyDouble().toExponential(below(40)),
  () => (anyDouble() / 2 ** below(1000)).toPrecision(1 + below(30)),
  () => ((bits() / 2 ** 32) * 1000).toFixed(below(20)),
  () => halfway(),
  () => `${halfway()}${below(10)}`,
  () => `${bits()}${bits()}${bits()}.${bits()}${bits()}e${below(600) - 340}`,
  () => `0.${'0'.repeat(below(30))}${bits()}`,
  () => `${BigInt(2 ** 53) + BigInt(below(2001) - 1000)}e${below(50) - 25}`,
  () => `${below(2)}.${bits()}e-${300 + below(30)}`,
  () => String(Number(`${bits()}`) * 2 ** -1074),
  () => `${bits() % 2 ? '-' : ''}${below(1e9)}.${String(below(1e9)).padStart(9, '0')}`,
];

/** A random decimal that is a finite double. Larger ones are refused. */
function decimal(): string {
  for (;;) {
    const text = (FORMS[below(FORMS.length)] as () => string)();
    if (Number.isFinite(Number(text)) && /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text)) return text;
  }
}

const negated = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`);

async function read(texts: readonly string[]): Promise<[Float64Array, Float64Array]> {
  const decoder = new KernelFrameDecoder(kernel, { params: [], series: ['a', 'b'] }, {});
  const rows = texts.map((text) => `[0,${text},${negated(text)}]`).join();
  decoder.push(Buffer.from(`{"param":{},"scalar":{"headers":["date","a","b"],"data":[${rows}]}}`));
  const { frame } = await decoder.end();
  return [frame.column('a'), frame.column('b')];
}

const textOf = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString();

describe(`${COUNT} numbers from the seed ${SEED}`, () => {
  it('are read as the nearest doubles and written as the shortest decimals', async () => {
    for (let done = 0; done < COUNT; done += BATCH) {
      const texts = Array.from({ length: Math.min(BATCH, COUNT - done) }, decimal);
      const [a, b] = await read(texts);
      const wrong = texts.filter((text, i) => !Object.is(a[i], Number(text)) || !Object.is(b[i], -Number(text)));
      expect(wrong).toEqual([]);
      const frame = new Frame(
        new Map([
          ['date', a],
          ['b', b],
        ]),
      );
      expect(textOf(encodeFrameKernel(kernel, frame, 'null')) === textOf(encodeFramePlain(frame, 'null'))).toBe(true);
    }
  });

  it('of note are written as the plain encoder writes them', () => {
    const notable = [0, -0, NaN, 1e21, 1e-7, 1e-6, 123456789012345680000, 5e-324, Number.MAX_VALUE, Number.MIN_VALUE];
    const integers = Array.from({ length: 18 }, (_, i) => [10 ** i - 1, 10 ** i, 10 ** i + 1, -(10 ** i)]).flat();
    const values = Float64Array.from([...notable, ...integers, 2 ** 53, 2 ** 53 - 1, 1420066800]);
    const frame = new Frame(new Map([['é"', values]]));
    expect(textOf(encodeFrameKernel(kernel, frame, 'null'))).toBe(textOf(encodeFramePlain(frame, 'null')));
  });
});
