import { describe, expect, it } from '@jest/globals';
import { sum } from './sum.js';

const column = (...values: number[]) => Float64Array.from(values);

describe('sum', () => {
  it('adds row by row and scales, in double arithmetic', () => {
    expect(sum(column(0.1, 1, -3), column(0.2, 2, 3), 3)).toEqual(column(3 * (0.1 + 0.2), 9, 0));
  });

  it('is missing if a sample of either series is missing', () => {
    expect(sum(column(NaN, 1, NaN), column(1, NaN, NaN), 2)).toEqual(column(NaN, NaN, NaN));
  });

  it('leaves an overflow of the sum visible, even if the scale is 0', () => {
    const [huge, minus] = [column(Number.MAX_VALUE, 1), column(-Number.MAX_VALUE, 1)];
    expect(sum(huge, huge, 0)).toEqual(column(Infinity, 0));
    expect(sum(minus, minus, 1)).toEqual(column(-Infinity, 2));
  });

  it('leaves an overflow of the product visible', () => {
    expect(sum(column(1e308), column(0), 10)).toEqual(column(Infinity));
  });

  it('writes where it is told to', () => {
    const into = new Float64Array(2);
    expect(sum(column(1, 2), column(3, 4), 1, into)).toBe(into);
    expect(into).toEqual(column(4, 6));
  });
});
