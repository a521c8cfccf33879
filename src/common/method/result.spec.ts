import { describe, expect, it } from '@jest/globals';
import { Frame } from '../frame/frame.js';
import { assertFinite, logText, resultFrame, summarize } from './result.js';

/** Longer than one slice of rows. */
const MANY = 70_000;
const column = (length: number, value = 1) => new Float64Array(length).fill(value);
const dates = (length: number) => Float64Array.from({ length }, (_, row) => row);
const frame = (columns: Record<string, Float64Array>) => new Frame(new Map(Object.entries(columns)));

describe('a result', () => {
  const same = (outputs: string[]) => ({ outputs });
  const own = (outputs: string[]) => ({ outputs, rows: 'own' as const });

  it('is a frame with the dates of the input and the outputs, in their order', () => {
    const [date, a, b] = [dates(2), column(2, 1), column(2, 2)];
    expect([...resultFrame(same(['a', 'b']), { b, a }, date).columns]).toEqual([
      ['date', date],
      ['a', a],
      ['b', b],
    ]);
  });

  it.each([0, 1, 5])('may have %i rows of its own, with their dates', (rows) => {
    const [date, a] = [dates(rows), column(rows)];
    expect([...resultFrame(own(['a']), { a, date }, dates(2)).columns]).toEqual([
      ['date', date],
      ['a', a],
    ]);
  });

  it.each([
    ['no column', same(['a']), {}, 'a: expected a Float64Array, got nothing'],
    ['nothing', same(['a']), undefined, 'the method gave nothing, and is declared to give a'],
    ['a column alone', same(['a']), column(2), 'the method gave Float64Array, and is declared to give a'],
    ['a string', same(['a']), 'a', 'the method gave String, and is declared to give a'],
    ['another kind of array', same(['a']), { a: [1, 2] }, 'a: expected a Float64Array, got Array'],
    ['other numbers', same(['a']), { a: Float32Array.of(1) }, 'a: expected a Float64Array, got Float32Array'],
    ['too few values', same(['a']), { a: column(1) }, 'the method gave 1 values of a for 2 rows'],
    ['too many values', same(['a']), { a: column(3) }, 'the method gave 3 values of a for 2 rows'],
    [
      'a column that is not declared',
      same(['a', 'b']),
      { a: column(2), c: column(2), b: column(2) },
      'the method gave c, and is declared to give a, b',
    ],
    [
      'dates of its own',
      same(['a']),
      { date: dates(2), a: column(2) },
      "the method gave date, and is declared to give a; dates of its own need rows: 'own'",
    ],
    ['no dates', own(['a']), { a: column(2) }, 'date: expected a Float64Array, got nothing'],
    [
      'another length than its dates',
      own(['a']),
      { date: dates(3), a: column(2) },
      'the method gave 2 values of a for 3 rows',
    ],
  ])('of %s is a fault of the method', (_, declaration, result, message) => {
    expect(() => resultFrame(declaration, result, dates(2))).toThrow(new Error(message));
  });

  const result = (a: Float64Array, date = dates(a.length)) => frame({ date, a });

  it.each([0, 1, 65_535, 65_536, MANY - 1])('is refused for an infinity at row %i', async (row) => {
    for (const infinity of [Infinity, -Infinity]) {
      const a = column(MANY);
      a[row] = infinity;
      await expect(assertFinite(result(a), {})).rejects.toMatchObject({
        errorCode: { code: 30 },
        message: `scalar.data[${row}]: a is past the largest double`,
      });
    }
  });

  it("is refused with the response's row and date if it has rows of its own", async () => {
    const overflow = result(Float64Array.of(1, Infinity), Float64Array.of(10, 20.5));
    await expect(assertFinite(overflow, { rows: 'own' })).rejects.toMatchObject({
      errorCode: { code: 30 },
      message: "the response's scalar.data[1] (date 20.5): a is past the largest double",
    });
  });

  it.each([NaN, Infinity, -Infinity])('whose date is %d is a fault of the method', async (date) => {
    const late = dates(MANY);
    late[MANY - 1] = date;
    await expect(assertFinite(result(column(MANY), late), { rows: 'own' })).rejects.toThrow(
      new Error(`the method gave the date ${date} in row ${MANY - 1}`),
    );
  });

  it('is taken with missing values and the largest double', async () => {
    const a = Float64Array.of(NaN, Number.MAX_VALUE, -Number.MAX_VALUE, 0);
    await expect(assertFinite(result(a), {})).resolves.toBeUndefined();
    await expect(assertFinite(result(new Float64Array(0)), {})).resolves.toBeUndefined();
  });

  it('adds the number of its own rows and its notes to the log', () => {
    const frame = result(column(1));
    expect(logText('4 rows', {}, frame, [])).toBe('4 rows');
    expect(logText('4 rows', { rows: 'same' }, frame, ['a', 'b'])).toBe('4 rows; a; b');
    expect(logText('4 rows', { rows: 'own' }, frame, ['a'])).toBe('4 rows; 1 row out; a');
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

  it('counts the missing samples of each series across slices, and omits complete series', async () => {
    const [a, c] = [column(MANY), column(MANY)];
    for (const row of [0, 65_535, 65_536, MANY - 1]) a[row] = NaN;
    c[5] = NaN;
    expect(await summarize(frame({ date: dates(MANY), a, b: column(MANY), c }))).toBe(
      '70000 rows, missing: 4 in a, 1 in c',
    );
  });

  it('names optional series that are absent', async () => {
    const one = frame({ date: dates(2), a: column(2) });
    expect(await summarize(one, ['a'])).toBe('2 rows, none missing');
    expect(await summarize(one, ['a', 'b', 'c'])).toBe('2 rows, none missing; without b, c');
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

  it('counts dates in other units among those in seconds, but days only if all may be days', async () => {
    const text = (...list: number[]) => summarize(frame({ date: Float64Array.from(list) }));
    expect(await text(1, 1420066800, 1420066800e3)).toBe('3 rows, none missing; 1 date looks like milliseconds');
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
