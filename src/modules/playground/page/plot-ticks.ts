import type uPlot from 'uplot';
import { dateTime, offsetAt, zone, zoneAt } from './format.js';
import { LAST_SECOND } from './timeline.js';

/** The ends of a vertical axis, divided by 10 ** exponent, so that arithmetic with them neither overflows nor underflows. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly exponent: number;
}

const [MINUTE, HOUR, DAY, MONTH] = [60, 3600, 86_400, 2_629_746];
const YEAR = 12 * MONTH;

/** 1, 2, 5, 10, 20, … times 10 ** -17, the smallest step of a range that is divided by its power of ten. */
export const NUMBER_STEPS = Array.from({ length: 30 }, (_, power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power - 17}`)),
).flat();

/** Steps of times in seconds. Steps from a month on are counted in months. */
export const TIME_STEPS = [
  // Doubles near today's dates are 0.24 µs apart.
  ...NUMBER_STEPS.filter((seconds) => seconds >= 5e-7 && seconds <= 10),
  ...[15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14].map((days) => days * DAY),
  ...[1, 3, 6].map((months) => months * MONTH),
  ...NUMBER_STEPS.filter((years) => years >= 1 && years <= 200_000).map((years) => years * YEAR),
];

/** The least distance of two labels of a horizontal axis, in pixels. */
const space = 90;

export const timeAxis: uPlot.Axis = {
  space,
  // A label has two lines, or three.
  size: () => (zone.isLocal ? 66 : 50),
  incrs: TIME_STEPS,
  splits: (_, __, min, max, step) => timesOf(min, max, step),
  values: (_, times, __, ___, step) => timeLabels(times, step),
};

export const rowAxis: uPlot.Axis = { space, incrs: NUMBER_STEPS.filter((step) => step >= 1) };

/** An axis of numbers. It has neither labels nor a grid while it is empty. */
export const numberAxis = (axis: { readonly range: NumberRange }, isEmpty: () => boolean): uPlot.Axis => ({
  incrs: NUMBER_STEPS,
  splits: (_, __, min, max, step) => (isEmpty() ? [] : multiples(min, max, step)),
  values: (_, places, __, ___, step) => numberLabels(axis.range, places, step),
});

/** Numbers between these magnitudes are written without an exponent. */
const [SMALLEST, LARGEST] = [-5, 11];
/** Math.log10 may be slightly less than a whole number. */
const magnitudeOf = (value: number): number => Math.floor(Math.log10(value) + 1e-9);

/** A range for values with a margin around them. Without values, `least` is above `most`, it is any range. */
export function rangeAround(least: number, most: number): NumberRange {
  if (least > most) return { min: 0, max: 1, exponent: 0 };
  const largest = Math.max(Math.abs(least), Math.abs(most));
  const magnitude = largest === 0 ? 0 : magnitudeOf(largest);
  const isPlain = magnitude >= SMALLEST && magnitude <= LARGEST;
  const exponent = isPlain ? 0 : magnitude;
  const [low, high, far] = [divided(least, exponent), divided(most, exponent), divided(largest, exponent)];
  // The division rounds finer steps.
  const margin = low === high ? far / 10 || 1 : Math.max((high - low) / 10, far * 1e-14);
  return {
    min: least >= 0 && most > 0 ? Math.max(0, low - margin) : low - margin,
    max: most <= 0 && least < 0 ? Math.min(0, high + margin) : high + margin,
    exponent,
  };
}

/** Divides by 10 ** exponent, in two steps, since 10 ** 324 overflows. */
function divided(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value / 10 ** half / 10 ** (exponent - half);
}

/** The place of a value in a range, from 0 at its lower to 1 at its upper end. */
export const partOf = ({ min, max, exponent }: NumberRange, value: number): number =>
  (divided(value, exponent) - min) / (max - min);

/** Labels with the decimals that the step needs, and with a common exponent. */
export const numberLabels = ({ exponent }: NumberRange, places: readonly number[], step: number): string[] =>
  places.map((at) => {
    const digits = at.toFixed(Math.max(0, -magnitudeOf(step)));
    if (Number(digits) === 0) return '0';
    return exponent === 0 ? digits : `${digits}e${exponent}`;
  });

/** The times in a range that are multiples of a step in local time. */
export function timesOf(min: number, max: number, step: number): number[] {
  const offset = offsetAt(min);
  const ends = [Math.max(min + offset, -LAST_SECOND), Math.min(max + offset, LAST_SECOND)] as const;
  const clocks = step < MONTH ? multiples(...ends, step) : months(...ends, Math.round(step / MONTH));
  // When clocks go forward, two local times are the same time.
  return [...new Set(clocks.map((clock) => clock - offsetAt(clock - offset)))];
}

/** Labels of times. The date, and the zone, stand below the first label that has them. */
export function timeLabels(times: readonly number[], step: number): string[] {
  let above = '';
  return times.map((at) => {
    const clock = dateTime(at + offsetAt(at), Math.max(0, -magnitudeOf(step)));
    const [label, date] = timeLabel(clock, step);
    const common = `${date}${zone.isLocal ? '\n' : ' '}${zoneAt(at)}`.trimStart();
    const isNew = common !== above;
    above = common;
    return isNew ? `${label}\n${common}` : label;
  });
}

function timeLabel(text: string, step: number): [label: string, date: string] {
  const [, year = '', day = '', minute = '', second = ''] = /^(.+)-(\d\d-\d\d) (\d\d:\d\d):(.+)$/.exec(text) ?? [];
  if (step >= YEAR) return [year, ''];
  if (step >= MONTH) return [`${year}-${day.slice(0, 2)}`, ''];
  if (step >= DAY) return [day, year];
  if (step >= MINUTE) return [minute, `${year}-${day}`];
  return step >= 1e-3 ? [`${minute}:${second}`, `${year}-${day}`] : [second, `${year}-${day} ${minute}`];
}

/** The multiples of a step in a range. They are counted: adding a step that is too small for a double would never end. */
export function multiples(min: number, max: number, step: number): number[] {
  // The quotient may be slightly off a whole number.
  const about = (at: number, away: number): number => at / step + away * Math.min(0.1, Math.abs(at / step) * 2 ** -51);
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
