import type uPlot from 'uplot';
import { partOf, type NumberRange } from './plot-ticks.js';
import { type Extent, type Timeline } from './timeline.js';

/**
 * The line through a series, with at most four points for each pixel: the first, the last, the least and the greatest. NaN and
 * a long step are gaps. A part between two gaps that is narrower than the radius is a mark, since a line would not show it.
 * @param inView the first and the last point in view
 * @param view the left and the right end of the axis
 * @param radius of a mark, in pixels of the canvas, as the box
 * @returns the line as `stroke`, the marks as `fill`
 */
export function linePath(
  { x, longestStep }: Timeline,
  values: Float64Array,
  inView: Extent,
  view: Extent,
  range: NumberRange,
  { left, top: upper, width, height }: uPlot.BBox,
  radius: number,
): uPlot.Series.Paths {
  const [stroke, fill] = [new Path2D(), new Path2D()];
  const y = (value: number): number => upper + height * (1 - partOf(range, value));
  const perUnit = width / (view[1] - view[0]);
  const [from, to] = [Math.max(0, inView[0] - 1), Math.min(x.length - 1, inView[1] + 1)];
  // Each point in view has room for a mark. Points out of view do not count: they may be far away.
  const isSparse = (inView[1] - inView[0]) * 6 * radius < width;
  const mark = (begin: number, end: number, least: number, most: number): void => {
    const [w, h] = [end - begin + 2 * radius, y(least) - y(most) + 2 * radius];
    fill.roundRect(begin - radius, y(most) - radius, w, h, radius);
  };
  /** The part of the line since the last gap. */
  let [start, end, bottom, top] = [NaN, NaN, NaN, NaN];
  const endPart = (): void => {
    if (end - start < radius && !isSparse) mark(start, end, bottom, top);
  };
  let isBroken = true;
  for (let i = from; i <= to; i++) {
    const value = values[i] as number;
    isBroken ||= Number.isNaN(value) || (x[i] as number) - (x[i - 1] as number) > longestStep;
    if (Number.isNaN(value)) continue;
    const px = Math.round(left + ((x[i] as number) - view[0]) * perUnit);
    // There may be thousands of points at one pixel.
    const right = view[0] + (px + 0.5 - left) / perUnit;
    let [least, most, last, isGap] = [value, value, value, false];
    for (; i < to && (x[i + 1] as number) < right; i++) {
      const next = values[i + 1] as number;
      isGap = Number.isNaN(next);
      if (isGap) continue;
      last = next;
      if (next < least) least = next;
      else if (next > most) most = next;
    }
    if (isBroken) {
      endPart();
      [start, bottom, top] = [px, least, most];
      stroke.moveTo(px, y(value));
    } else stroke.lineTo(px, y(value));
    if (least !== most) for (const one of [least, most, last]) stroke.lineTo(px, y(one));
    if (isSparse) mark(px, px, least, most);
    [end, bottom, top] = [px, Math.min(bottom, least), Math.max(top, most)];
    isBroken = isGap;
  }
  endPart();
  return { stroke, fill };
}
