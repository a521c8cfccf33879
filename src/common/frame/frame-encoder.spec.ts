import { describe, expect, it } from '@jest/globals';
import { Frame, MAX_COLUMNS } from './frame.js';
import { encodeFrameKernel } from './kernel-frame-encoder.js';
import { kernel, type Kernel } from './kernel/kernel.js';
import { encodeFramePlain } from './plain-frame-encoder.js';

/** Numbers of all lengths, and missing ones. */
const sample = (row: number, column: number) =>
  (row + column) % 7 === 0
    ? NaN
    : (row % 2 ? -1 : 1) * Math.sin(row + column) * 10 ** (((row * 31) % 600) - 300);

const frameOf = (rows: number, names: readonly string[]) =>
  new Frame(
    new Map(names.map((name, c) => [name, Float64Array.from({ length: rows }, (_, row) => sample(row, c))])),
  );

const expected = ({ headers, columns, length }: Frame) =>
  JSON.stringify({
    headers,
    data: Array.from({ length }, (_, row) => headers.map((name) => columns.get(name)?.[row])),
  });

const encoders: [string, (frame: Frame) => Iterable<Uint8Array>][] = [
  ['plain', encodeFramePlain],
  ['on the kernel', (frame) => encodeFrameKernel(kernel as Kernel, frame)],
];

describe.each(encoders)('the encoder that is %s', (_, encode) => {
  it.each([0, 1, 2, 1023, 1024, 1025, 2049, 4096, 4097, 9000])(
    'writes %i rows as JSON.stringify does',
    (rows) => {
      const frame = frameOf(rows, ['date', 'sum "é"']);
      expect(Buffer.concat([...encode(frame)]).toString() === expected(frame)).toBe(true);
    },
  );

  it.each([1, 3, 40, MAX_COLUMNS])('writes a frame of %i columns', (columns) => {
    const frame = frameOf(
      columns > 40 ? 300 : 3000,
      Array.from({ length: columns }, (_, c) => `c${c}`),
    );
    expect(Buffer.concat([...encode(frame)]).toString() === expected(frame)).toBe(true);
  });

  it('gives pieces that are the caller’s own', () => {
    const frame = frameOf(9000, ['date', 'x']);
    const pieces: Uint8Array[] = [];
    for (const piece of encode(frame)) {
      pieces.push(Uint8Array.from(piece));
      piece.fill(0);
    }
    expect(Buffer.concat(pieces).toString() === expected(frame)).toBe(true);
    expect(pieces.length).toBeGreaterThan(5);
  });
});
