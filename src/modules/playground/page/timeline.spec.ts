import { describe, expect, it } from '@jest/globals';
import { along, outliersOf, timelineOf } from './timeline.js';

const column = (...values: number[]): Float64Array => Float64Array.from(values);

describe('a timeline', () => {
  it('is the dates where they are in order', () => {
    const dates = column(1, 1, 2);
    expect(timelineOf(dates)).toEqual({
      x: dates,
      isTime: true,
      isSorted: true,
      main: [0, 2],
      jumps: Uint32Array.of(),
    });
  });

  it('puts dates in order, and leaves out what has none', () => {
    const { x, isTime, isSorted, order } = timelineOf(column(3, NaN, 1, 2));
    expect([x, isTime, isSorted, order]).toEqual([column(1, 2, 3), true, false, Uint32Array.of(2, 3, 0)]);
    expect(along(column(30, 0, 10, 20), order)).toEqual(column(10, 20, 30));
  });

  it('is the rows where there are no dates, or none that a calendar has', () => {
    for (const dates of [column(NaN, NaN), column(1, 1e300)])
      expect(timelineOf(dates)).toMatchObject({ x: column(0, 1), isTime: false });
  });

  it('has a jump where there are no rows for more than ten usual steps', () => {
    expect(timelineOf(column(0, 5, 10, 15, 65, 116, 121, 126)).jumps).toEqual(Uint32Array.of(5));
  });

  it('has a main range without the few dates that are far from it', () => {
    const hour = Array.from({ length: 100 }, (_, second) => 1_420_066_800 + second);
    const odd = timelineOf(column(...hour, 0, -5, 253_370_764_800));
    expect([odd.main, outliersOf(odd)]).toEqual([[2, 101], 3]);
    expect(timelineOf(column(0, 5, 6, 7)).main).toEqual([0, 3]);
    expect(timelineOf(column(0, 500, 501, 502)).main).toEqual([1, 3]);
    expect(timelineOf(column(7)).main).toEqual([0, 0]);
    expect(timelineOf(column(...hour, ...hour.map((date) => date + 1e6))).main).toEqual([0, 199]);
  });
});
