import { describe, expect, it } from '@jest/globals';
import { along, outliersOf, timelineOf } from './timeline.js';

const column = (...values: number[]): Float64Array => Float64Array.from(values);

describe('a timeline', () => {
  it('is the dates if they are in order', () => {
    const dates = column(1, 1, 2);
    expect(timelineOf(dates)).toEqual({
      x: dates,
      isTime: true,
      isSorted: true,
      main: [0, 2],
      longestStep: 10,
    });
  });

  it('sorts the dates, and leaves out rows without one', () => {
    const { x, isTime, isSorted, order } = timelineOf(column(3, NaN, 1, 2));
    expect([x, isTime, isSorted, order]).toEqual([column(1, 2, 3), true, false, Uint32Array.of(2, 3, 0)]);
    expect(along(column(30, 0, 10, 20), order)).toEqual(column(10, 20, 30));
  });

  it('is the rows if there are no dates, or only dates beyond the calendar', () => {
    for (const dates of [column(NaN, NaN), column(1, 1e300)])
      expect(timelineOf(dates)).toMatchObject({ x: column(0, 1), isTime: false });
  });

  it('has dates beyond the calendar as outliers, unless most are', () => {
    const odd = timelineOf(column(-1e300, 5, 6, 7, 1e17));
    expect([odd.isTime, odd.main, outliersOf(odd)]).toEqual([true, [1, 3], 2]);
    expect(timelineOf(column(1e17, 1e17, 1)).isTime).toBe(false);
  });

  it('has ten usual steps as the longest step that is not a gap', () => {
    expect(timelineOf(column(0, 5, 10, 15, 65, 116, 121, 126)).longestStep).toBe(50);
  });

  it('has a main range without the few distant dates', () => {
    const hour = Array.from({ length: 100 }, (_, second) => 1_420_066_800 + second);
    const odd = timelineOf(column(...hour, 0, -5, 253_370_764_800));
    expect([odd.main, outliersOf(odd)]).toEqual([[2, 101], 3]);
    expect(outliersOf(timelineOf(column(...hour.map((date, i) => (i % 16 === 3 ? 0 : date)))))).toBe(7);
    expect(timelineOf(column(0, 5, 6, 7)).main).toEqual([0, 3]);
    expect(timelineOf(column(0, 500, 501, 502)).main).toEqual([1, 3]);
    expect(timelineOf(column(7)).main).toEqual([0, 0]);
    expect(timelineOf(column(...hour, ...hour.map((date) => date + 1e6))).main).toEqual([0, 199]);
  });
});
