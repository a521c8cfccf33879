import { describe, expect, it } from '@jest/globals';
import {
  assertObject,
  columnIndices,
  describe as described,
  describeText,
  duplicateKey,
  rowError,
} from './frame-rules.js';

const refusal = (act: () => unknown) => {
  try {
    return act();
  } catch (error) {
    const { errorCode, message } = error as { errorCode: { code: number }; message: string };
    return [errorCode.code, message];
  }
};

describe('what was found', () => {
  it.each([
    ['null', 'null'],
    ['true', 'true'],
    ['1.50', '1.5'],
    ['-1e999', 'a number past the largest double'],
    ['{"a":1}', 'an object'],
    ['["x"]', 'an array'],
    ['"n/a"', 'the string "n/a"'],
    ['"a\\"\\u00e9\\n"', 'the string "a\\"é\\n"'],
    [JSON.stringify('x'.repeat(60)), `the string "${'x'.repeat(60)}"`],
    [JSON.stringify('x'.repeat(61)), `the string "${'x'.repeat(60)}…"`],
    [JSON.stringify('😀'.repeat(1000)), `the string "${'😀'.repeat(60)}…"`],
    [`"${'\\ud83d\\ude00'.repeat(1000)}"`, `the string "${'😀'.repeat(60)}…"`],
    [`"${'\\\\'.repeat(2000)}"`, `the string "${'\\\\'.repeat(60)}…"`],
    [`"x${'\\\\'.repeat(2000)}"`, `the string "x${'\\\\'.repeat(59)}…"`],
    [`"xy${'\\ud83d\\ude00'.repeat(1000)}"`, `the string "xy${'😀'.repeat(58)}…"`],
    [`"${'ä'.repeat(1000)}"`, `the string "${'ä'.repeat(60)}…"`],
  ])('%s is %s', (text, words) => {
    expect([describeText(Buffer.from(text)), described(JSON.parse(text))]).toEqual([words, words]);
  });

  it('may be nothing, or NaN', () => {
    expect([described(undefined), describeText(Buffer.from('NaN'))]).toEqual(['nothing', 'NaN']);
  });
});

describe('a place for an object', () => {
  it.each([
    [undefined, 'param is missing'],
    [null, 'param: expected an object, got null'],
    [[], 'param: expected an object, got an array'],
    ['x', 'param: expected an object, got the string "x"'],
    [7, 'param: expected an object, got 7'],
  ])('does not take %j', (value, message) => {
    expect(refusal(() => assertObject(value, 'param'))).toEqual([20, message]);
  });

  it('takes one', () => {
    expect(refusal(() => assertObject({}, 'param'))).toBeUndefined();
  });

  it('has each key once', () => {
    expect(duplicateKey('scalar.data')).toMatchObject({
      errorCode: { code: 20 },
      message: 'scalar.data appears twice',
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
    [{}, 22, 'scalar.headers: expected an array, got an object'],
    [[1, 'date'], 22, 'scalar.headers[0]: expected a string, got 1'],
    [['date', 'a', null], 22, 'scalar.headers[2]: expected a string, got null'],
    [['date', 'a', 'x', 'date'], 22, 'scalar.headers[3]: date appears twice, first at scalar.headers[0]'],
    [['a', 'a'], 22, 'scalar.headers[1]: a appears twice, first at scalar.headers[0]'],
    [['date', 'bb'], 23, 'scalar.headers: expected a, got ["date","bb"]'],
    [[], 23, 'scalar.headers: expected date, a, got []'],
  ])('%j are refused', (headers, code, message) => {
    expect(refusal(() => columnIndices(headers, ['a']))).toEqual([code, message]);
  });

  it.each([
    [['date', 'el_ts', 'e2_ts'], '; scalar.headers[1] is "el_ts": did you mean e1_ts?'],
    [['Date', 'e1_ts', 'e2_ts'], '; scalar.headers[0] is "Date": did you mean date?'],
    [['date', 'E1-TS', 'x', 'e1ts', 'E1_TS ', 'e2_ts'], '; scalar.headers[1] is "E1-TS": did you mean e1_ts?'],
    [
      ['dat', 'e2_ts', 'e1_t\ud800'],
      '; scalar.headers[0] is "dat": did you mean date?; scalar.headers[2] is "e1_t\\ud800": did you mean e1_ts?',
    ],
    // A needed name is never taken for a misspelt one.
    [['date', 'e2_ts', 'vibration', ''], ''],
  ])('%j get a hint at the name that was meant', (headers, hint) => {
    const [, message] = refusal(() => columnIndices(headers, ['e1_ts', 'e2_ts'])) as [number, string];
    expect(message.split(JSON.stringify(headers))[1]).toBe(hint);
  });

  it('are shown up to 500 characters', () => {
    const shown = (bytes: number) =>
      (refusal(() => columnIndices(['x'.repeat(bytes - 4)], ['a'])) as [number, string])[1].split('got ')[1];
    expect(shown(500)).toBe(`["${'x'.repeat(496)}"]`);
    expect(shown(501)).toBe(`["${'x'.repeat(497)}"…`);
  });
});

describe('a row at fault', () => {
  it.each([
    [{ row: 3, notAnArray: 'text' }, 24, 'scalar.data[3]: expected an array of 4 values, got text'],
    [{ row: 3, tooLong: true }, 24, 'scalar.data[3]: expected at most 1048576 bytes, got more'],
    [{ row: 3, length: 2 }, 24, 'scalar.data[3]: expected 4 values, as in scalar.headers, got 2'],
    [{ row: 3, cell: { column: 2, found: 'null' } }, 26, 'scalar.data[3][2] (date): expected a number, got null'],
    [
      { row: 3, cell: { column: 0, found: 'text' } },
      25,
      'scalar.data[3][0] (a): expected a number or a missing sample, got text',
    ],
    [
      { row: 3, cell: { column: 3, found: 'an array' } },
      25,
      'scalar.data[3][3] (b): expected a number or a missing sample, got an array',
    ],
  ] as const)('%j is named with its place', (fault, code, message) => {
    expect(rowError(fault, 4, [2, 0, 3], ['a', 'b'])).toMatchObject({ errorCode: { code }, message });
  });
});
