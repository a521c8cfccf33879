import { describe, expect, it } from '@jest/globals';
import { Frame } from '../frame/frame.js';
import { assertNoOverflow, outputColumns, summarize } from './result.js';

/** Longer than one slice of rows. */
const MANY = 70_000;
const column = (length: number, value = 1) => new Float64Array(length).fill(value);
const dates = (length: number) => Float64Array.from({ length }, (_, row) => row);
const frame = (columns: Record<string, Float64Array>) => new Frame(new Map(Object.entries(columns)));

describe('a result', () => {
  it('has the columns that were declared, in their order, and no others', () => {
    const result = { b: column(2, 2), x: column(5), a: column(2, 1) };
    expect(outputColumns(['a', 'b'], result, 2)).toEqual([
      ['a', result.a],
      ['b', result.b],
    ]);
  });

  it.each([
    ['no column', { b: column(2) }, 'the method gave no Float64Array a'],
    ['nothing', undefined, 'the method gave no Float64Array a'],
    ['another kind of array', { a: [1, 2] as never }, 'the method gave no Float64Array a'],
    ['too few values', { a: column(1) }, 'the method gave 1 values of a for 2 rows'],
    ['too many values', { a: column(3) }, 'the method gave 3 values of a for 2 rows'],
  ])('of %s is a fault of the method', (_, result, message) => {
    expect(() => outputColumns(['a'], result, 2)).toThrow(message);
  });

  it.each([0, 1, 65_535, 65_536, MANY - 1])('is refused for an infinity at row %i', async (row) => {
    for (const infinity of [Infinity, -Infinity]) {
      const result = column(MANY);
      result[row] = infinity;
      await expect(assertNoOverflow('out', result)).rejects.toMatchObject({
        errorCode: { code: 30 },
        message: `scalar.data[${row}]: out is past the largest double`,
      });
    }
  });

  it('is taken with missing values and the largest double', async () => {
    const result = Float64Array.of(NaN, Number.MAX_VALUE, -Number.MAX_VALUE, 0);
    await expect(assertNoOverflow('out', result)).resolves.toBeUndefined();
    await expect(assertNoOverflow('out', new Float64Array(0))).resolves.toBeUndefined();
  });
});

describe('the summary', () => {
  it.each([
    [0, '0 rows, none missing'],
    [1, '1 row, none missing'],
    [2, '2 rows, none missing'],
  ])('counts %i rows', async (length, text) => {
    expect(await summarize(frame({ date: dates(length), a: column(length) }))).toBe(text);
  });

  it('counts missing samples a series, also across slices, and names no series that has all', async () => {
    const [a, c] = [column(MANY), column(MANY)];
    for (const row of [0, 65_535, 65_536, MANY - 1]) a[row] = NaN;
    c[5] = NaN;
    expect(await summarize(frame({ date: dates(MANY), a, b: column(MANY), c }))).toBe(
      '70000 rows, missing: 4 in a, 1 in c',
    );
  });

  it.each([
    [1420066800e3, 'milliseconds'],
    [1420066800e6, 'microseconds'],
    [1420066800e9, 'nanoseconds'],
    [635556636000000000, 'nanoseconds or .NET ticks'],
    [6.55e17, 'nanoseconds or .NET ticks'],
    [6.5e18, undefined],
    [42005.5, 'Excel days'],
    [32_873, undefined],
    [99_999, undefined],
    [1420066800, undefined],
    [4e9, undefined],
    [-1420066800e3, undefined],
  ])('notes that %d looks like %s', async (date, unit) => {
    const text = await summarize(frame({ date: Float64Array.of(date, date) }));
    expect(text).toBe(`2 rows, none missing${unit === undefined ? '' : `; 2 dates look like ${unit}`}`);
  });

  it('counts dates in other units among those in seconds, but days only where all may be days', async () => {
    const text = (...list: number[]) => summarize(frame({ date: Float64Array.from(list) }));
    expect(await text(1, 1420066800, 1420066800e3)).toBe(
      '3 rows, none missing; 1 date looks like milliseconds',
    );
    expect(await text(42_005, 99_999)).toBe('2 rows, none missing');
  });

  it('counts dates before the one above, also at the border of two slices; equal ones are in order', async () => {
    const one = dates(MANY);
    one[65_536] = one[65_535] as number;
    expect(await summarize(frame({ date: one }))).toBe('70000 rows, none missing');
    one[65_536] = 3;
    expect(await summarize(frame({ date: one }))).toBe(
      '70000 rows, none missing; out of order: 1 date before the one above',
    );
    expect(await summarize(frame({ date: Float64Array.of(3, 2, 1) }))).toBe(
      '3 rows, none missing; out of order: 2 dates before the one above',
    );
  });
});
