import { KasemError } from '../errors/kasem.error.js';
import { DATE, type Frame } from '../frame/frame.js';
import { inSlices } from '../frame/slices.js';
import { type MethodResult } from './method-declaration.js';

/**
 * The columns of the response, in their order.
 * @param names the outputs that the method is declared with
 * @param rows of its input
 * @throws Error where the method has not given what it is declared to give, which is a fault of its own
 */
export function outputColumns(
  names: readonly string[],
  result: MethodResult | undefined,
  rows: number,
): [string, Float64Array][] {
  return names.map((name) => {
    const column: unknown = result?.[name];
    if (!isColumn(column)) throw new Error(`the method gave no Float64Array ${name}`);
    if (column.length !== rows)
      throw new Error(`the method gave ${column.length} values of ${name} for ${rows} rows`);
    return [name, column];
  });
}

/** Told by its tag, which holds between realms as well. */
const isColumn = (value: unknown): value is Float64Array =>
  Object.prototype.toString.call(value) === '[object Float64Array]';

/**
 * @param column an output series: values and NaN
 * @throws KasemError OVERFLOW with the first row that is past the largest double
 */
export async function assertNoOverflow(name: string, column: Float64Array): Promise<void> {
  await inSlices(column.length, (start, end) => {
    const row = firstInfinite(column, start, end);
    if (row < end)
      throw new KasemError('OVERFLOW', `scalar.data[${row}]: ${name} is past the largest double`);
  });
}

/** Seconds since the Unix epoch: what dates of a plant lie between. */
const FROM = Date.UTC(1990) / 1000;
const TO = Date.UTC(2100) / 1000;

const EXCEL = 'Excel days';

/** Other units that dates come in: how many a second, and how many seconds before the Unix epoch they begin. */
const UNITS = [
  ['milliseconds', 1e3, 0],
  ['microseconds', 1e6, 0],
  ['nanoseconds', 1e9, 0],
  ['.NET ticks', 1e7, 62_135_596_800],
  [EXCEL, 1 / 86_400, 25_569 * 86_400],
] as const;
const LIKELY = UNITS.map(([name, perSecond, start]) => ({
  name,
  from: (FROM + start) * perSecond,
  to: (TO + start) * perSecond,
}));
/** The least date that is likely to be in one of the units but Excel's, whose days are all below MAX_DAYS. */
const MIN_TOO_LATE = LIKELY[0]?.from as number;
const MAX_DAYS = 100_000;

/** The units that a date is likely to be in, as text; empty where it may well be in seconds. */
function likelyUnits(date: number): string {
  if (date >= MAX_DAYS && date < MIN_TOO_LATE) return '';
  return LIKELY.filter(({ from, to }) => date >= from && date <= to)
    .map(({ name }) => name)
    .join(' or ');
}

/** What a person wants to know of a frame: rows, missing samples a series, dates out of order or in another unit than seconds. */
export async function summarize(frame: Frame): Promise<string> {
  const missing: string[] = [];
  let outOfOrder = 0;
  const units = new Map<string, number>();
  for (const [name, column] of frame.columns) {
    let count = 0;
    await inSlices(frame.length, (start, end) => {
      if (name === DATE) {
        outOfOrder += countDescents(column, start, end);
        countUnits(column, start, end, units);
      } else count += countMissing(column, start, end);
    });
    if (count > 0) missing.push(`${count} in ${name}`);
  }
  const rows = `${frame.length} ${frame.length === 1 ? 'row' : 'rows'}`;
  const samples = missing.length === 0 ? 'none missing' : `missing: ${missing.join(', ')}`;
  const dates = `${outOfOrder} ${outOfOrder === 1 ? 'date' : 'dates'} before the one above`;
  // Seconds of a test's own clock are below 100,000 as well: days are told where all dates may be some.
  if (units.get(EXCEL) !== frame.length) units.delete(EXCEL);
  const others = Array.from(
    units,
    ([unit, count]) => `; ${count} ${count === 1 ? 'date looks' : 'dates look'} like ${unit}`,
  );
  return `${rows}, ${samples}${outOfOrder === 0 ? '' : `; out of order: ${dates}`}${others.join('')}`;
}

/** @returns `end` where all are finite or missing */
function firstInfinite(column: Float64Array, start: number, end: number): number {
  let row = start;
  while (row < end && Math.abs(column[row] as number) !== Infinity) row++;
  return row;
}

function countMissing(column: Float64Array, start: number, end: number): number {
  let count = 0;
  for (let row = start; row < end; row++) if (Number.isNaN(column[row])) count++;
  return count;
}

function countUnits(dates: Float64Array, start: number, end: number, counts: Map<string, number>): void {
  for (let row = start; row < end; row++) {
    const units = likelyUnits(dates[row] as number);
    if (units !== '') counts.set(units, (counts.get(units) ?? 0) + 1);
  }
}

function countDescents(dates: Float64Array, start: number, end: number): number {
  let count = 0;
  let previous = dates[Math.max(start - 1, 0)] as number;
  for (let row = start; row < end; row++) {
    const date = dates[row] as number;
    if (date < previous) count++;
    previous = date;
  }
  return count;
}
