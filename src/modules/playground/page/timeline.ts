export type Extent = [min: number, max: number];

/** The points of a plot's horizontal axis, in ascending order. */
export interface Timeline {
  /** Seconds since the Unix epoch; row numbers if most dates are outside of JavaScript's calendar. */
  readonly x: Float64Array;
  readonly isTime: boolean;
  /** Whether the rows are in the order of their dates. */
  readonly isSorted: boolean;
  /** The first and the last point without the outliers. */
  readonly main: readonly [first: number, last: number];
  /** A longer step between points is a gap. */
  readonly longestStep: number;
  /** The row number of each point; undefined if it is the point's index. */
  readonly order?: Uint32Array;
}

/** A day before JavaScript's calendar ends (ECMA-262, section 21.4.1.1): local time may be ahead of UTC. */
export const LAST_SECOND = 8.64e12 - 86_400;

export const isInCalendar = (date: number): boolean => Math.abs(date) <= LAST_SECOND;

/** Where later dates are plotted: arithmetic with very large ones would lose the others. */
const BEYOND = 1.02 * LAST_SECOND;

/** A step of more usual steps is a gap. */
export const USUAL_STEPS = 10;

/** A few points are outliers if they are further from the others than so many times the range of those. */
const FAR = 10;

/** @param dates of each row, in seconds since the Unix epoch; rows whose date is NaN are left out */
export function timelineOf(dates: Float64Array): Timeline {
  const dated = dates.filter((date) => !Number.isNaN(date));
  const isSorted = dated.every((date, i) => i === 0 || date >= (dated[i - 1] as number));
  const inCalendar = dated.filter(isInCalendar).length;
  // A few dates outside of the calendar are outliers.
  if (2 * inCalendar <= dated.length) {
    const x = Float64Array.from(dates.keys());
    return { x, isTime: false, isSorted: true, main: [0, x.length - 1], longestStep: Infinity };
  }
  const found = (sorted: Float64Array) => {
    const x = inCalendar === dated.length ? sorted : sorted.map((date) => Math.max(-BEYOND, Math.min(BEYOND, date)));
    const main = mainOf(x, x.findIndex(isInCalendar), x.findLastIndex(isInCalendar));
    return { x, isTime: true, isSorted, main, longestStep: USUAL_STEPS * usualStepOf(x) };
  };
  if (isSorted && dated.length === dates.length) return found(dates);
  const order = Uint32Array.from(dates.keys())
    .filter((row) => !Number.isNaN(dates[row]))
    .sort((a, b) => (dates[a] as number) - (dates[b] as number) || a - b);
  return { ...found(along(dates, order)), order };
}

/** The points of [start, end] without the outliers: at each end up to five, or a tenth of all, but at most a quarter. */
function mainOf(x: Float64Array, start: number, end: number): [first: number, last: number] {
  const length = end - start + 1;
  const few = Math.min(Math.max(Math.ceil(length / 10), 5), length >> 2);
  const [low, high] = [x[start + few] as number, x[end - few] as number];
  const far = FAR * (high - low);
  if (far === 0) return [start, end];
  return [Math.max(start, pointAt(x, low - far)), Math.min(end, pointAt(x, high + far, true) - 1)];
}

export const outliersOf = ({ x, main: [first, last] }: Timeline): number => x.length - (last - first + 1);

/** The golden section, whose multiples follow no pattern of the dates. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The median of up to a thousand steps, without those of zero; NaN if there are none. */
export function usualStepOf(x: Float64Array): number {
  const all = Math.max(0, x.length - 1);
  const steps = Array.from({ length: Math.min(all, 1000) }, (_, n) => {
    const point = all <= 1000 ? n : Math.floor(((n * GOLDEN) % 1) * all);
    return (x[point + 1] as number) - (x[point] as number);
  });
  const forward = steps.filter((step) => step > 0).sort((a, b) => a - b);
  return forward[forward.length >> 1] ?? NaN;
}

export const isSameAxis = ({ x: a }: Timeline, { x: b }: Timeline): boolean =>
  a.length === b.length && a.every((at, point) => at === b[point]);

/** The values of a column in the order of a timeline. */
export const along = (column: Float64Array, order: Uint32Array | undefined): Float64Array =>
  order === undefined ? column : Float64Array.from(order, (row) => column[row] as number);

/** The first point at or after a place, or after it; the number of points if there is none. */
export function pointAt(x: Float64Array, at: number, isAfter = false): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = x[middle] as number;
    if (one < at || (isAfter && one === at)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const rowOf = ({ order }: Timeline, point: number): number => order?.[point] ?? point;

/** The point of a row, or of the nearest row above it that has one; -1 if there is none. */
export function pointOf({ x, order }: Timeline, row: number): number {
  if (order === undefined) return Math.min(row, x.length - 1);
  return order.reduce((found, other, point) => (other <= row && other >= (order[found] ?? 0) ? point : found), -1);
}
