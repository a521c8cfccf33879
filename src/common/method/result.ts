import { KasemError } from '../errors/kasem.error.js';
import { DATE, Frame } from '../frame/frame.js';
import { inSlices } from '../frame/slices.js';
import { type MethodDeclaration } from './method-declaration.js';

/**
 * The frame of the response: `date`, the input's or the result's own, and the outputs in their order.
 * @param result what the method gave
 * @param input dates of the input
 * @throws Error where the method has not given what it is declared to give, which is a fault of its own
 */
export function resultFrame(
  { outputs, rows = 'same' }: Pick<MethodDeclaration, 'outputs' | 'rows'>,
  result: unknown,
  input: Float64Array,
): Frame {
  const given = new Map(Object.entries(result ?? {}) as [string, unknown][]);
  const names = rows === 'own' ? [DATE, ...outputs] : outputs;
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const why = name === DATE ? "; dates of its own need rows: 'own'" : '';
    throw new Error(`the method gave ${name}, and is declared to give ${names.join(', ')}${why}`);
  }
  const columns = names.map((name): [string, Float64Array] => {
    const column = given.get(name);
    if (!isColumn(column)) throw new Error(`the method gave no Float64Array ${name}`);
    return [name, column];
  });
  if (rows === 'same') columns.unshift([DATE, input]);
  const [[, date]] = columns as [[string, Float64Array]];
  for (const [name, { length }] of columns)
    if (length !== date.length)
      throw new Error(`the method gave ${length} values of ${name} for ${date.length} rows`);
  return new Frame(new Map(columns));
}

/** Told by its tag, which holds between realms as well. */
const isColumn = (value: unknown): value is Float64Array =>
  Object.prototype.toString.call(value) === '[object Float64Array]';

/**
 * @param frame of a response, whose series may hold values and NaN, and whose dates no NaN
 * @throws Error with the first row whose date is not finite, which is a fault of the method
 * @throws KasemError OVERFLOW with the first row that is past the largest double
 */
export async function assertFinite(
  frame: Frame,
  { rows = 'same' }: Pick<MethodDeclaration, 'rows'>,
): Promise<void> {
  const dates = frame.column(DATE);
  for (const [name, column] of frame.columns)
    await inSlices(column.length, (start, end) => {
      const row = name === DATE ? firstNotFinite(column, start, end) : firstInfinite(column, start, end);
      if (row === end) return;
      if (name === DATE) throw new Error(`the method gave the date ${column[row]} in row ${row}`);
      const place = `scalar.data[${row}]`;
      throw new KasemError(
        'OVERFLOW',
        `${rows === 'same' ? place : `the response's ${place} (date ${dates[row]})`}: ${name} is past the largest double`,
      );
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

/** The text of `log`: the input's summary, the count of rows of its own, and what the method notes. */
export const logText = (
  summary: string,
  { rows }: Pick<MethodDeclaration, 'rows'>,
  output: Frame,
  notes: readonly string[],
): string => [summary, ...(rows === 'own' ? [`${rowCount(output)} out`] : []), ...notes].join('; ');

const rowCount = ({ length }: Frame): string => `${length} ${length === 1 ? 'row' : 'rows'}`;

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
  const samples = missing.length === 0 ? 'none missing' : `missing: ${missing.join(', ')}`;
  const dates = `${outOfOrder} ${outOfOrder === 1 ? 'date' : 'dates'} before the one above`;
  // Seconds of a test's own clock are below 100,000 as well: days are told where all dates may be some.
  if (units.get(EXCEL) !== frame.length) units.delete(EXCEL);
  const others = Array.from(
    units,
    ([unit, count]) => `; ${count} ${count === 1 ? 'date looks' : 'dates look'} like ${unit}`,
  );
  return `${rowCount(frame)}, ${samples}${outOfOrder === 0 ? '' : `; out of order: ${dates}`}${others.join('')}`;
}

/** @returns `end` where all are finite or missing */
function firstInfinite(column: Float64Array, start: number, end: number): number {
  let row = start;
  while (row < end && Math.abs(column[row] as number) !== Infinity) row++;
  return row;
}

/** @returns `end` where all are finite */
function firstNotFinite(column: Float64Array, start: number, end: number): number {
  let row = start;
  while (row < end && Number.isFinite(column[row])) row++;
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
