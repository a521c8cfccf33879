import { KasemError } from '../errors/kasem.error.js';
import { EXCEL_DAYS, likelyUnits } from '../frame/date-units.js';
import { DATE, Frame } from '../frame/frame.js';
import { inSlices } from '../frame/slices.js';
import { type MethodDeclaration } from './method-declaration.js';

/**
 * The frame of the response: `date` of the input or of the result, then the outputs in their declared order.
 * @param result of the method
 * @param input the dates of the input
 * @throws Error if the result is not what the declaration says, which is the method's fault
 */
export function resultFrame(
  { outputs, rows = 'same' }: Pick<MethodDeclaration, 'outputs' | 'rows'>,
  result: unknown,
  input: Float64Array,
): Frame {
  const names = rows === 'own' ? [DATE, ...outputs] : outputs;
  if (kindOf(result) !== 'Object')
    throw new Error(`the method gave ${kindOf(result)}, and is declared to give ${names.join(', ')}`);
  const given = new Map(Object.entries(result as object) as [string, unknown][]);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const why = name === DATE ? "; dates of its own need rows: 'own'" : '';
    throw new Error(`the method gave ${name}, and is declared to give ${names.join(', ')}${why}`);
  }
  const columns = names.map((name): [string, Float64Array] => {
    const column = given.get(name);
    if (kindOf(column) !== 'Float64Array') throw new Error(`${name}: expected a Float64Array, got ${kindOf(column)}`);
    return [name, column as Float64Array];
  });
  if (rows === 'same') columns.unshift([DATE, input]);
  const [[, date]] = columns as [[string, Float64Array]];
  for (const [name, { length }] of columns)
    if (length !== date.length) throw new Error(`the method gave ${length} values of ${name} for ${date.length} rows`);
  return new Frame(new Map(columns));
}

/** By the tag of a value, which is also right for values of another realm. */
const kindOf = (value: unknown): string =>
  value === undefined ? 'nothing' : Object.prototype.toString.call(value).slice('[object '.length, -1);

/**
 * Checks a response: dates have to be finite, samples finite or NaN.
 * @throws Error that names the first row whose date is not finite, which is the method's fault
 * @throws KasemError OVERFLOW that names the first row whose sample is past the largest double
 */
export async function assertFinite(frame: Frame, { rows = 'same' }: Pick<MethodDeclaration, 'rows'>): Promise<void> {
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

/** The text of `log`: the summary of the input, the number of output rows if they are its own, and the method's notes. */
export const logText = (
  summary: string,
  { rows }: Pick<MethodDeclaration, 'rows'>,
  output: Frame,
  notes: readonly string[],
): string => [summary, ...(rows === 'own' ? [`${rowCount(output)} out`] : []), ...notes].join('; ');

const rowCount = ({ length }: Frame): string => `${length} ${length === 1 ? 'row' : 'rows'}`;

/**
 * What a person wants to know about a frame: its rows, the missing samples of each series, optional series that are absent
 * (perhaps misspelt), and dates that are out of order or not in seconds.
 */
export async function summarize(frame: Frame, optional: readonly string[] = []): Promise<string> {
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
  const absent = optional.filter((name) => !frame.columns.has(name));
  const without = absent.length === 0 ? '' : `; without ${absent.join(', ')}`;
  const dates = `${outOfOrder} ${outOfOrder === 1 ? 'date' : 'dates'} before the one above`;
  // Seconds of a test's own clock are below 100,000 too, so days are reported only if all dates may be days.
  if (units.get(EXCEL_DAYS) !== frame.length) units.delete(EXCEL_DAYS);
  const others = Array.from(
    units,
    ([unit, count]) => `; ${count} ${count === 1 ? 'date looks' : 'dates look'} like ${unit}`,
  );
  return `${rowCount(frame)}, ${samples}${without}${outOfOrder === 0 ? '' : `; out of order: ${dates}`}${others.join('')}`;
}

/** @returns `end` if all are finite or missing */
function firstInfinite(column: Float64Array, start: number, end: number): number {
  let row = start;
  while (row < end && Math.abs(column[row] as number) !== Infinity) row++;
  return row;
}

/** @returns `end` if all are finite */
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
