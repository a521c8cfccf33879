import { describe, expect, it } from '@jest/globals';
import { Frame, MAX_COLUMNS, type Missing } from './frame.js';
import { encodeFrameKernel } from './kernel-frame-encoder.js';
import { kernel, type Kernel } from './kernel/kernel.js';
import { encodeFramePlain } from './plain-frame-encoder.js';

/** Numbers of all lengths, and missing samples. */
const sample = (row: number, column: number) =>
  (row + column) % 7 === 0 ? NaN : (row % 2 ? -1 : 1) * Math.sin(row + column) * 10 ** (((row * 31) % 600) - 300);

const frameOf = (rows: number, names: readonly string[]) =>
  new Frame(new Map(names.map((name, c) => [name, Float64Array.from({ length: rows }, (_, row) => sample(row, c))])));

const numberText = (value: number) => {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};
const expected = ({ headers, columns, length }: Frame, missing: Missing = 'null') => {
  const cell = (row: number) => (name: string) => {
    const value = columns.get(name)?.[row] as number;
    return Number.isNaN(value) ? missing : numberText(value);
  };
  const rows = Array.from({ length }, (_, row) => `[${headers.map(cell(row)).join()}]`);
  return `{"headers":${JSON.stringify(headers)},"data":[${rows.join()}]}`;
};

const encoders: [string, (frame: Frame, missing: Missing) => Iterable<Uint8Array>][] = [
  ['plain', encodeFramePlain],
  ['on the kernel', (frame, missing) => encodeFrameKernel(kernel as Kernel, frame, missing)],
];

describe.each(encoders)('the encoder that is %s', (_, encode) => {
  it.each([0, 1, 2, 1023, 1024, 1025, 2049, 4096, 4097, 9000])('writes %i rows', (rows) => {
    const frame = frameOf(rows, ['date', 'sum "é"']);
    expect(Buffer.concat([...encode(frame, 'null')]).toString() === expected(frame)).toBe(true);
  });

  it.each([1, 3, 40, MAX_COLUMNS])('writes a frame of %i columns', (columns) => {
    const frame = frameOf(
      columns > 40 ? 300 : 3000,
      Array.from({ length: columns }, (_, c) => `c${c}`),
    );
    expect(Buffer.concat([...encode(frame, 'null')]).toString() === expected(frame)).toBe(true);
  });

  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1420066800, '1420066800.0'],
    [-7, '-7.0'],
    [-12345678901, '-12345678901.0'],
    [9007199254740992, '9007199254740992.0'],
    [-1e16, '-10000000000000000.0'],
    [123456789012345680000, '123456789012345680000.0'],
    [-999999999999999900000, '-999999999999999900000.0'],
    [1e21, '1e+21'],
    [-1e21, '-1e+21'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [-0.5, '-0.5'],
    [5e-324, '5e-324'],
  ])('writes %d as a double, %s', (value, text) => {
    const frame = new Frame(new Map([['x', Float64Array.of(value)]]));
    expect(Buffer.concat([...encode(frame, 'null')]).toString()).toBe(`{"headers":["x"],"data":[[${text}]]}`);
  });

  it('writes NaN for a missing sample on request', () => {
    const frame = frameOf(5000, ['date', 'x', 'y']);
    expect(Buffer.concat([...encode(frame, 'NaN')]).toString() === expected(frame, 'NaN')).toBe(true);
  });

  it('yields pieces that the caller owns', () => {
    const frame = frameOf(9000, ['date', 'x']);
    const pieces: Uint8Array[] = [];
    for (const piece of encode(frame, 'null')) {
      pieces.push(Uint8Array.from(piece));
      piece.fill(0);
    }
    expect(Buffer.concat(pieces).toString() === expected(frame)).toBe(true);
    expect(pieces.length).toBeGreaterThan(5);
  });
});
