import { describe, expect, it } from '@jest/globals';
import { assertObject, columnIndices, duplicateKey, found, kind, rowError } from './frame-rules.js';

const refusal = (act: () => unknown) => {
  try {
    return act();
  } catch (error) {
    const { errorCode, message } = error as { errorCode: { code: number }; message: string };
    return [errorCode.code, message];
  }
};

describe('what a value is called', () => {
  it.each([
    [null, 'null'],
    ['x', 'text'],
    [false, 'a boolean'],
    [{}, 'an object'],
    [[], 'an array'],
    [1, 'a number'],
  ])('%j is %s', (value, name) => {
    expect([found(value), kind(value)]).toEqual([name, name]);
  });

  it('tells a number past the largest double only where a number is wanted', () => {
    expect([found(-Infinity), kind(-Infinity)]).toEqual(['past the largest double', 'a number']);
  });
});

describe('a place for an object', () => {
  it.each([
    [undefined, 'param is missing'],
    [null, 'param must be an object and is null'],
    [[], 'param must be an object and is an array'],
    ['x', 'param must be an object and is text'],
    [Infinity, 'param must be an object and is a number'],
  ])('does not take %j', (value, message) => {
    expect(refusal(() => assertObject(value, 'param'))).toEqual([20, message]);
  });

  it('takes one', () => {
    expect(refusal(() => assertObject({}, 'param'))).toBeUndefined();
  });

  it('has each key once', () => {
    expect(duplicateKey('scalar.data')).toMatchObject({
      errorCode: { code: 20 },
      message: 'scalar.data stands twice',
    });
  });
});

describe('the headers', () => {
  it('give the columns of the date and the series, in the order in which they are needed', () => {
    expect(columnIndices(['x', 'b', 'date', 'x', 'a'], ['a', 'b'])).toEqual([2, 4, 1]);
    expect(columnIndices(['date'], [])).toEqual([0]);
    expect(columnIndices(['a_raw', 'raw_a', 'A', 'date', 'a '], [])).toEqual([3]);
    expect(columnIndices(['a_raw', 'raw_a', 'dates', 'a', 'date'], ['a'])).toEqual([4, 3]);
  });

  it.each([
    [undefined, 22, 'scalar.headers is missing'],
    [{}, 22, 'scalar.headers must be an array and is an object'],
    [[1, 'date'], 22, 'scalar.headers[0] must be text and is a number'],
    [['date', 'a', null], 22, 'scalar.headers[2] must be text and is null'],
    [['date', 'a', 'x', 'date'], 22, 'scalar.headers[3]: date stands twice, first at scalar.headers[0]'],
    [['a', 'a'], 22, 'scalar.headers[1]: a stands twice, first at scalar.headers[0]'],
    [['date', 'A'], 23, 'scalar.headers lacks a; it has ["date","A"]'],
    [[], 23, 'scalar.headers lacks date, a; it has []'],
  ])('%j are refused', (headers, code, message) => {
    expect(refusal(() => columnIndices(headers, ['a']))).toEqual([code, message]);
  });

  it('are shown up to 500 characters', () => {
    const shown = (bytes: number) =>
      (refusal(() => columnIndices(['x'.repeat(bytes - 4)], ['a'])) as [number, string])[1].split(
        'it has ',
      )[1];
    expect(shown(500)).toBe(`["${'x'.repeat(496)}"]`);
    expect(shown(501)).toBe(`["${'x'.repeat(497)}"…`);
  });
});

describe('a row at fault', () => {
  it.each([
    [{ row: 3, notAnArray: 'text' }, 24, 'scalar.data[3] must be an array of 4 values and is text'],
    [{ row: 3, tooLong: true }, 24, 'scalar.data[3] is longer than 1048576 bytes'],
    [{ row: 3, length: 2 }, 24, 'scalar.data[3] must have 4 values, as scalar.headers has, and has 2'],
    [
      { row: 3, cell: { column: 2, found: 'null' } },
      26,
      'scalar.data[3][2] (date) must be a finite number and is null',
    ],
    [
      { row: 3, cell: { column: 0, found: 'text' } },
      25,
      'scalar.data[3][0] (a) must be a finite number, null or NaN and is text',
    ],
    [
      { row: 3, cell: { column: 3, found: 'an array' } },
      25,
      'scalar.data[3][3] (b) must be a finite number, null or NaN and is an array',
    ],
  ] as const)('%j is named with its place', (fault, code, message) => {
    expect(rowError(fault, 4, [2, 0, 3], ['a', 'b'])).toMatchObject({ errorCode: { code }, message });
  });
});
