/** The epoch seconds that the dates of a plant lie between. */
const FROM = Date.UTC(1990) / 1000;
const TO = Date.UTC(2100) / 1000;

export const EXCEL_DAYS = 'Excel days';

/** Other units of dates: how many there are in a second, and how many seconds before the Unix epoch they begin. */
const UNITS = [
  ['milliseconds', 1e3, 0],
  ['microseconds', 1e6, 0],
  ['nanoseconds', 1e9, 0],
  ['.NET ticks', 1e7, 62_135_596_800],
  [EXCEL_DAYS, 1 / 86_400, 25_569 * 86_400],
] as const;
const LIKELY = UNITS.map(([name, perSecond, start]) => ({
  name,
  from: (FROM + start) * perSecond,
  to: (TO + start) * perSecond,
}));
/** The least date that is likely to be in another unit, except Excel days, which are all below MAX_DAYS. */
const MIN_TOO_LATE = LIKELY[0]?.from as number;
const MAX_DAYS = 100_000;

/** The units that a date is likely to be in, as text; empty if it may be in seconds. */
export function likelyUnits(date: number): string {
  if (date >= MAX_DAYS && date < MIN_TOO_LATE) return '';
  return LIKELY.filter(({ from, to }) => date >= from && date <= to)
    .map(({ name }) => name)
    .join(' or ');
}
