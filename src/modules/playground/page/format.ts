import { isInCalendar } from './timeline.js';

export const count = (value: number): string => value.toLocaleString('en');

export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** The shortest text of a double; that of negative zero is `-0`. */
export const numeral = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

const TIMES = { d: 86_400, h: 3600, min: 60, s: 1, ms: 1e-3, µs: 1e-6 };

/** A number in the largest unit that it has at least one of, or in the smallest. */
function inUnits(value: number, units: Readonly<Record<string, number>>): string {
  const all = Object.entries(units);
  const [name, unit] = (all.find(([, one]) => value >= one) ?? all.at(-1)) as [string, number];
  return `${Number((value / unit).toPrecision(4))} ${name}`;
}

export const size = (bytes: number): string => inUnits(bytes, { GB: 1e9, MB: 1e6, kB: 1e3, B: 1 });

/** `80 s` or `1.5 h`; `3 rows` if there are no dates. */
export const duration = (span: number, isTime = true): string => (isTime ? inUnits(span, TIMES) : plural(span, 'row'));

/** `2015-01-01 00:00:00` in UTC, with some decimals of a second. */
export function dateTime(seconds: number, decimals: number): string {
  const rounded = Number(seconds.toFixed(decimals));
  const whole = Math.floor(rounded);
  const fraction = (rounded - whole).toFixed(decimals).slice(1);
  const text = new Date(whole * 1e3).toISOString().slice(0, -5).replace('T', ' ');
  // toISOString writes years after 9999 with a sign and six digits.
  return text.replace(/^\+0*/, '') + fraction;
}

/** A field of CSV (RFC 4180). */
export const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** The time zone of all dates: UTC, or that of the browser. */
export const zone = { isLocal: false };

/** The offset from UTC at a time, in seconds. */
export const offsetAt = (seconds: number): number =>
  zone.isLocal ? -60 * new Date(seconds * 1e3).getTimezoneOffset() || 0 : 0;

/** `UTC` or `UTC+05:30`. */
export const zoneAt = (seconds: number): string =>
  zone.isLocal ? String(new Date(seconds * 1e3)).replace(/.*GMT(...)(..).*/, 'UTC$1:$2') : 'UTC';

/** A date in the zone, with its name; the number if the calendar does not have it. */
export function inZone(seconds: number): string {
  if (!isInCalendar(seconds)) return String(seconds);
  const decimals = [0, 3].find((one) => Number(seconds.toFixed(one)) === seconds) ?? 6;
  return `${dateTime(seconds + offsetAt(seconds), decimals)} ${zoneAt(seconds)}`;
}

/** A place of a timeline in words. All dates outside of the calendar have the same place. */
export const whenAt = (place: number): string => (isInCalendar(place) ? inZone(place) : 'a date of no calendar');

/** The seconds since the Unix epoch of a number or a date, which is in the zone unless it names one; NaN of other text. */
export function secondsOf(text: string): number {
  if (/^-?\d{5,}(\.\d+)?$/.test(text)) return Number(text);
  const [, day = '', time = '00:00', fraction, utc, hours, minutes] =
    /^(\d+-\d\d-\d\d)(?:[T ](\d?\d:[\d:]+)(\.\d+)?)? *(UTC|Z)?(?:([+-]\d\d):?(\d\d))?$/i.exec(text) ?? [];
  // Date.parse takes 30 February for 2 March.
  if (new Date(day).getUTCDate() !== Number(day.slice(-2))) return NaN;
  const offset = hours !== undefined ? `${hours}:${minutes}` : zone.isLocal && utc === undefined ? '' : 'Z';
  return Date.parse(`${day}T${time.replace(/^\d:/, '0$&')}${offset}`) / 1e3 + Number(fraction ?? 0);
}
