/** Columns along an axis on which a plot can find its way, which asks for order. */
export interface Timeline {
  /** Seconds since the Unix epoch, or numbers of rows where the dates are none that a calendar has. */
  readonly x: Float64Array;
  readonly isTime: boolean;
  /** Whether no date comes before the one above. */
  readonly isSorted: boolean;
  /** The first and the last point that are not far from all others. */
  readonly main: readonly [first: number, last: number];
  /** The points before which there are no samples for long. */
  readonly jumps: Uint32Array;
  /** For each point the number of its row; none where that is the same. */
  readonly order?: Uint32Array;
}

/** The last second of JavaScript's calendar, ECMA-262, section 21.4.1.1. */
export const LAST_SECOND = 8.64e12;

/** A step that is so many times the usual one is a gap. */
const USUAL_STEPS = 10;

/** Points so many times the middle range away from it are outliers, if they are few. */
const FAR = 10;

/** @param dates seconds since the Unix epoch by row; rows without one have no place in the result */
export function timelineOf(dates: Float64Array): Timeline {
  let [isSorted, isTime] = [true, true];
  let dated = 0;
  let above = -Infinity;
  for (const date of dates) {
    if (Number.isNaN(date)) continue;
    dated++;
    if (Math.abs(date) > LAST_SECOND) isTime = false;
    if (date < above) isSorted = false;
    above = date;
  }
  if (!isTime || dated === 0) {
    const x = Float64Array.from(dates.keys());
    return { x, isTime: false, isSorted: true, main: [0, x.length - 1], jumps: Uint32Array.of() };
  }
  const found = (x: Float64Array) => ({ x, isTime, isSorted, main: mainOf(x), jumps: jumpsOf(x) });
  if (isSorted && dated === dates.length) return found(dates);
  const order = Uint32Array.from(dates.keys())
    .filter((row) => !Number.isNaN(dates[row]))
    .sort((a, b) => (dates[a] as number) - (dates[b] as number) || a - b);
  return { ...found(along(dates, order)), order };
}

/** Few are, at each end, up to five or a twentieth of all, but no more than a quarter. */
function mainOf(x: Float64Array): [first: number, last: number] {
  const end = x.length - 1;
  const few = Math.max(Math.ceil(x.length / 20), 5);
  let first = Math.min(few, x.length >> 2);
  let last = end - first;
  const far = FAR * ((x[last] as number) - (x[first] as number));
  if (far === 0) return [0, end];
  while (first > 0 && (x[first] as number) - (x[first - 1] as number) <= far) first--;
  while (last < end && (x[last + 1] as number) - (x[last] as number) <= far) last++;
  return [first, last];
}

export const outliersOf = ({ x, main: [first, last] }: Timeline): number => x.length - (last - first + 1);

/** The usual step is the median of a thousand. */
function jumpsOf(x: Float64Array): Uint32Array {
  const step = (i: number): number => (x[i] as number) - (x[i - 1] as number);
  const steps: number[] = [];
  for (let i = 1; i < x.length; i += Math.ceil(x.length / 1000)) if (step(i) > 0) steps.push(step(i));
  const longest = USUAL_STEPS * (steps.sort((a, b) => a - b)[steps.length >> 1] ?? Infinity);
  const jumps: number[] = [];
  for (let i = 1; i < x.length; i++) if (step(i) > longest) jumps.push(i);
  return Uint32Array.from(jumps);
}

/** The values of a column in an order of its rows. */
export const along = (column: Float64Array, order: Uint32Array | undefined): Float64Array =>
  order === undefined ? column : Float64Array.from(order, (row) => column[row] as number);

/** The point of a row, or of the nearest above it that has one. */
export function pointOf({ x, order }: Timeline, row: number): number | undefined {
  if (order === undefined) return x.length === 0 ? undefined : Math.min(row, x.length - 1);
  let found: number | undefined;
  order.forEach((other, point) => {
    if (other <= row && other >= (order[found ?? -1] ?? 0)) found = point;
  });
  return found;
}
