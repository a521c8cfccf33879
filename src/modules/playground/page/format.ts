export const count = (value: number): string => value.toLocaleString('en');

export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

export function milliseconds(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `2015-01-01 00:00:00` in UTC, with so many decimals of a second. */
export function dateTime(seconds: number, decimals: number): string {
  const rounded = Number(seconds.toFixed(decimals));
  const whole = Math.floor(rounded);
  const fraction = (rounded - whole).toFixed(decimals).slice(1);
  const text = new Date(whole * 1e3).toISOString().slice(0, -5).replace('T', ' ');
  // ISO 8601 gives years past 9999 a sign and six digits.
  return text.replace(/^\+0*/, '') + fraction;
}

/** `2015-01-01 00:00:00 UTC`, with milli- or microseconds where there are some; the number where no calendar has the date. */
export function utc(seconds: number): string {
  if (Number.isNaN(new Date(seconds * 1e3).getTime())) return String(seconds);
  const decimals = [0, 3].find((one) => Number(seconds.toFixed(one)) === seconds) ?? 6;
  return `${dateTime(seconds, decimals)} UTC`;
}
