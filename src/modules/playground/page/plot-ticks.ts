import { dateTime } from './format.js';
import { LAST_SECOND } from './timeline.js';

/** A place on an axis and what is written there. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The ends of a vertical axis, both divided by a power of ten, so that no arithmetic with them overflows or is zero. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly exponent: number;
}

const [MINUTE, HOUR, DAY, MONTH] = [60, 3600, 86_400, 2_629_746];
const YEAR = 12 * MONTH;

/** The steps of times from a second to half a month. Below they are decimal, above they are months and years. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14].map((days) => days * DAY),
];
/** Dates of our time are a quarter of a microsecond apart. */
const FINEST = 5e-7;
const MONTH_STEPS = [1, 3, 6, 12];

/** Numbers of these magnitudes are written without an exponent. */
const [SMALLEST, LARGEST] = [-5, 11];

const CHARACTER_WIDTH = 7.5;

/** log10 may miss a whole number by a bit. */
const magnitudeOf = (value: number): number => Math.floor(Math.log10(value) + 1e-9);

/** The range in which values up to these are seen well; any range where there are no values and `least` is above `most`. */
export function rangeAround(least: number, most: number): NumberRange {
  if (least > most) return { min: 0, max: 1, exponent: 0 };
  const largest = Math.max(Math.abs(least), Math.abs(most));
  const magnitude = largest === 0 ? 0 : magnitudeOf(largest);
  const isPlain = magnitude >= SMALLEST && magnitude <= LARGEST;
  // A power of ten ends at 308.
  const exponent = isPlain ? 0 : Math.max(-300, Math.min(300, magnitude));
  const unit = 10 ** exponent;
  const [low, high] = [least / unit, most / unit];
  // Doubles hold no finer steps about a large number.
  const margin =
    low === high ? largest / unit / 10 || 1 : Math.max((high - low) / 10, (largest / unit) * 1e-12);
  return {
    min: least >= 0 && most > 0 ? Math.max(0, low - margin) : low - margin,
    max: most <= 0 && least < 0 ? Math.min(0, high + margin) : high + margin,
    exponent,
  };
}

/** At most so many ticks, all with as many decimals as the step needs, or all with one exponent. */
export function numberTicks({ min, max, exponent }: NumberRange, count: number, smallest = 0): Tick[] {
  const step = Math.max(smallest, decimalStep((max - min) / count));
  const shift = exponent === 0 ? 0 : magnitudeOf(Math.max(-min, max));
  const decimals = Math.max(0, shift - magnitudeOf(step));
  const suffix = shift + exponent === 0 ? '' : `e${shift + exponent}`;
  return multiples(min, max, step).map((at) => {
    const digits = (at / 10 ** shift).toFixed(Math.min(decimals, 100));
    return { at, label: Number(digits) === 0 ? '0' : digits + suffix };
  });
}

/** At most so many ticks at times in UTC; what they have in common stands below the first. */
export function timeTicks(min: number, max: number, count: number): Tick[] {
  const least = (max - min) / count;
  const step =
    least < 1
      ? decimalStep(Math.max(least, FINEST))
      : (TIME_STEPS.find((one) => one >= least) ?? monthStep(least));
  const ends = [Math.max(min, -LAST_SECOND), Math.min(max, LAST_SECOND)] as const;
  const places = step < MONTH ? multiples(...ends, step) : months(...ends, Math.round(step / MONTH));
  let above = '';
  return places.map((at) => {
    const [label, common] = timeLabel(dateTime(at, Math.max(0, -magnitudeOf(step))), step);
    const isNew = common !== above;
    above = common;
    return { at, label: isNew ? `${label}\n${common}` : label };
  });
}

/** The width of a vertical axis in pixels. */
export const widthOf = (labels: readonly string[]): number =>
  22 + CHARACTER_WIDTH * Math.max(5, ...labels.map(({ length }) => length));

function timeLabel(text: string, step: number): [label: string, common: string] {
  const [, year = '', day = '', minute = '', second = ''] =
    /^(.+)-(\d\d-\d\d) (\d\d:\d\d):(.+)$/.exec(text) ?? [];
  if (step >= YEAR) return [year, ''];
  if (step >= MONTH) return [`${year}-${day.slice(0, 2)}`, ''];
  if (step >= DAY) return [day, year];
  if (step >= MINUTE) return [minute, `${year}-${day}`];
  return step >= 1e-3 ? [`${minute}:${second}`, `${year}-${day}`] : [second, `${year}-${day} ${minute}`];
}

/** The first of 1, 2, 5, 10, 20, … that is not below. */
function decimalStep(least: number): number {
  const power = 10 ** magnitudeOf(least);
  return ([1, 2, 5].find((one) => one * power >= least * 0.99) ?? 10) * power;
}

const monthStep = (least: number): number =>
  MONTH * (MONTH_STEPS.find((one) => one * MONTH >= least) ?? 12 * decimalStep(least / YEAR));

/** Counted, since where doubles are coarser than the step, adding it would never come to an end. */
function multiples(min: number, max: number, step: number): number[] {
  // A quotient that is whole may come out a bit beside.
  const about = (at: number, away: number): number =>
    at / step + away * Math.min(0.1, Math.abs(at / step) * 2 ** -51);
  const first = Math.ceil(about(min, -1));
  return Array.from({ length: Math.floor(about(max, 1)) - first + 1 }, (_, n) => (first + n) * step);
}

function months(min: number, max: number, step: number): number[] {
  const monthOf = (seconds: number): number => {
    const date = new Date(seconds * 1e3);
    return 12 * date.getUTCFullYear() + date.getUTCMonth();
  };
  return multiples(monthOf(min), monthOf(max), step)
    .map((month) => new Date(0).setUTCFullYear(0, month, 1) / 1e3)
    .filter((at) => at >= min && at <= max);
}
