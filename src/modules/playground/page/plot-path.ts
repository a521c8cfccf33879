/** Where values stand on a canvas, in its pixels: `px + (value / unit - min) * perUnit`. */
export interface Projection {
  readonly px: number;
  readonly unit: number;
  readonly min: number;
  readonly perUnit: number;
}

export interface LinePath {
  readonly stroke: Path2D;
  /** The marks, which a line of no width would not show. */
  readonly fill: Path2D;
}

/**
 * The line through the points [from, to] of a series, thinned to what its pixels show: of all points above one pixel the first,
 * the last, the least and the greatest. NaN and a jump break the line, and a part of it that is narrower than a mark's
 * radius is a mark.
 * @param jumps the points before which there are no samples for long, in order
 * @param radius of a mark
 */
export function linePath(
  x: Float64Array,
  values: Float64Array,
  [from, to]: readonly [number, number],
  jumps: Uint32Array,
  across: Projection,
  up: Projection,
  radius: number,
): LinePath {
  const [stroke, fill] = [new Path2D(), new Path2D()];
  const y = (value: number): number => up.px + (value / up.unit - up.min) * up.perUnit;
  let [column, first, last, low, high] = [NaN, NaN, NaN, NaN, NaN];
  /** The part of the line since the last gap. */
  let [start, bottom, top] = [NaN, NaN, NaN];
  const mark = (left: number, right: number, least: number, most: number): void => {
    const [above, below] = [y(most), y(least)];
    fill.roundRect(
      left - radius,
      above - radius,
      right - left + 2 * radius,
      below - above + 2 * radius,
      radius,
    );
  };
  // Where each point has room for it.
  const isSparse =
    (to - from) * 6 * radius < Math.abs(across.perUnit * ((x[to] as number) - (x[from] as number)));
  const endColumn = (isEnd: boolean): void => {
    if (Number.isNaN(column)) return;
    if (Number.isNaN(start)) {
      [start, bottom, top] = [column, low, high];
      stroke.moveTo(column, y(first));
    } else stroke.lineTo(column, y(first));
    if (low !== high) for (const value of [low, high, last]) stroke.lineTo(column, y(value));
    [bottom, top] = [Math.min(bottom, low), Math.max(top, high)];
    if (isSparse) mark(column, column, low, high);
    if (!isEnd) return;
    if (column - start < radius && !isSparse) mark(start, column, bottom, top);
    start = NaN;
  };
  let isBroken = false;
  let j = 0;
  let jump = jumps[0] ?? Infinity;
  for (let i = from; i <= to; i++) {
    while (jump < i) jump = jumps[++j] ?? Infinity;
    if (jump === i) isBroken = true;
    const value = values[i] as number;
    if (Number.isNaN(value)) {
      isBroken = true;
      continue;
    }
    const px = Math.round(across.px + ((x[i] as number) - across.min) * across.perUnit);
    if (px === column) {
      last = value;
      if (value < low) low = value;
      else if (value > high) high = value;
    } else {
      endColumn(isBroken);
      column = px;
      first = last = low = high = value;
    }
    isBroken = false;
  }
  endColumn(true);
  return { stroke, fill };
}
