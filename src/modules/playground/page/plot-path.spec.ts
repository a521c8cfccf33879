import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { linePath } from './plot-path.js';
import { type Timeline } from './timeline.js';

/** Counts the lines and marks that are drawn. */
class CountingPath {
  lines = 0;
  marks = 0;
  moveTo(): void {
    // Only starts a line.
  }
  lineTo(): void {
    this.lines++;
  }
  roundRect(): void {
    this.marks++;
  }
}

const WIDTH = 700;

/** Draws a distant outlier, then `count` points in view. */
function draw(count: number): { lines: number; marks: number } {
  const x = Float64Array.from({ length: count + 1 }, (_, i) => (i === 0 ? -1e9 : i));
  const values = x.map((_, i) => Math.sin(i / count));
  const { stroke, fill } = linePath(
    { x, longestStep: 10 } as Timeline,
    values,
    [1, count],
    [1, count],
    { min: -1, max: 1, exponent: 0 },
    { left: 0, top: 0, width: WIDTH, height: 100 },
    2,
  ) as unknown as { stroke: CountingPath; fill: CountingPath };
  return { lines: stroke.lines, marks: fill.marks };
}

describe('the line through a series', () => {
  const { Path2D } = globalThis as { Path2D?: unknown };
  beforeAll(() => void Object.assign(globalThis, { Path2D: CountingPath }));
  afterAll(() => void Object.assign(globalThis, { Path2D }));

  it('has a mark for each point if there is room', () => {
    const { lines, marks } = draw(20);
    expect([lines, marks]).toEqual([19, 20 + 1]);
  });

  it('has no marks on a dense line, even after an outlier', () => {
    const { lines, marks } = draw(5_000);
    // The outlier is a separate run of one point, which may have a mark.
    expect(marks).toBeLessThanOrEqual(1);
    expect(lines).toBeGreaterThanOrEqual(WIDTH - 1);
  });
});
