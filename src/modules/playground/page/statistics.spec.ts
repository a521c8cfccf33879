import { describe, expect, it } from '@jest/globals';
import { statisticsOf } from './statistics.js';

const column = (...values: number[]): Float64Array => Float64Array.from(values);

describe('the statistics of a series', () => {
  it('ignore missing samples', () => {
    expect(statisticsOf(column(1, NaN, 4, 7), column(0, 1, 2, 3))).toMatchObject({
      samples: 3,
      missing: 1,
      minimum: 1,
      mean: 4,
      maximum: 7,
    });
  });

  it('are NaN if there are no samples', () => {
    const { samples, minimum, mean, usualStep, gaps } = statisticsOf(column(NaN, NaN), column(0, 1));
    expect([samples, minimum, mean, usualStep]).toEqual([0, NaN, NaN, NaN]);
    expect(gaps).toEqual([[-1, 2]]);
    expect(statisticsOf(column(), column()).gapCount).toBe(0);
  });

  it('have a mean even if the sum overflows', () => {
    expect(statisticsOf(column(1.7e308, 1.7e308, -1.7e308), column(0, 1, 2)).mean / (1.7e308 / 3)).toBeCloseTo(1, 12);
  });

  it('have the usual step of samples that are rarer than rows, and longer steps as gaps', () => {
    const x = Float64Array.from({ length: 5000 }, (_, s) => s);
    const values = x.map((s) => (s % 10 > 0 || (s > 2000 && s < 2055) ? NaN : s));
    const { usualStep, gaps } = statisticsOf(values, x);
    expect([usualStep, gaps]).toEqual([10, [[2000, 2060]]]);
  });

  it('have the usual step of dates that come in pairs', () => {
    const x = Float64Array.from({ length: 2000 }, (_, i) => i >> 1);
    const values = x.map((s) => (s === 500 ? NaN : s));
    const { usualStep, gaps } = statisticsOf(values, x);
    expect([usualStep, gaps]).toEqual([1, [[999, 1002]]]);
  });

  it('have gaps at both ends, and where dates jump', () => {
    const values = column(NaN, 1, 2, 3, 4, NaN, NaN);
    expect(statisticsOf(values, column(0, 1, 2, 20, 21, 22, 23)).gaps).toEqual([
      [-1, 1],
      [2, 3],
      [4, 7],
    ]);
    // The first and the last date are far from the others.
    const x = column(0, 1000, 1001, 1002, 1003, 1004, 2000);
    expect(statisticsOf(x, x).gaps).toEqual([
      [0, 1],
      [5, 6],
    ]);
  });
});
