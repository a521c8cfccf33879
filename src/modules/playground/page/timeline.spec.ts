import { describe, expect, it } from '@jest/globals';
import { along, timelineOf } from './timeline.js';

const column = (...values: number[]): Float64Array => Float64Array.from(values);

describe('a timeline', () => {
  it('is the dates where they are in order', () => {
    const dates = column(1, 1, 2);
    expect(timelineOf(dates)).toEqual({ x: dates, isTime: true, isSorted: true, jumps: Uint32Array.of() });
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
});
