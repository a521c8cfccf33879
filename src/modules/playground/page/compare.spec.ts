import { describe, expect, it } from '@jest/globals';
import { differenceOf, matchRows } from './compare.js';
import { timelineOf } from './timeline.js';

const column = (...values: number[]): Float64Array => Float64Array.from(values);
const match = (here: number[], there: number[]) => matchRows(timelineOf(column(...here)), timelineOf(column(...there)));

describe('rows of two responses', () => {
  it('are matched by date, and in order if dates repeat', () => {
    expect(match([1, 2, 2, 4], [2, 2, 3, 4])).toEqual({
      partners: Int32Array.of(-1, 0, 1, 3),
      common: 3,
      onlyHere: 0,
      onlyThere: 2,
      moved: 1,
    });
  });

  it('may be in another order', () => {
    expect(match([3, 1, 2], [1, 2, 3])).toMatchObject({ common: 3, onlyHere: undefined, moved: 2 });
    expect(match([3, 1, 2], [3, 1, 2])).toMatchObject({ common: 3, moved: undefined });
  });
});

describe('the difference of two series', () => {
  const timeline = timelineOf(column(3, 1, 2, 0));
  const partners = Int32Array.of(0, 1, 2, 3);
  const differ = (values: number[], expected: number[]) =>
    differenceOf(partners, timeline, column(...values), column(...expected));

  it('is zero between two missing samples, and between 0 and -0', () => {
    expect(differ([NaN, 0, 1, 2], [NaN, -0, 1, 2])).toMatchObject({ differing: 0, first: -1 });
  });

  it('has its largest values, and the first row that differs', () => {
    // The row of a point is 3, 1, 2, 0.
    expect(differ([1, 100, 5, NaN], [1.5, 101, 5, 4])).toEqual({
      differing: 3,
      oneMissing: 1,
      first: 3,
      absolute: { value: 1, point: 1 },
      relative: { value: 0.5 / 1.5, point: 0 },
    });
  });

  it('is infinite relative to zero', () => {
    expect(differ([1, 2, 3, 4], [0, 2, 3, 4]).relative.value).toBe(Infinity);
  });
});
