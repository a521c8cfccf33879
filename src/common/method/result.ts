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

/** What a person wants to know of a frame: rows, missing samples a series, dates out of order. */
export async function summarize(frame: Frame): Promise<string> {
  const missing: string[] = [];
  let outOfOrder = 0;
  for (const [name, column] of frame.columns) {
    let count = 0;
    await inSlices(frame.length, (start, end) => {
      if (name === DATE) outOfOrder += countDescents(column, start, end);
      else count += countMissing(column, start, end);
    });
    if (count > 0) missing.push(`${count} in ${name}`);
  }
  const rows = `${frame.length} ${frame.length === 1 ? 'row' : 'rows'}`;
  const samples = missing.length === 0 ? 'none missing' : `missing: ${missing.join(', ')}`;
  const dates = `${outOfOrder} ${outOfOrder === 1 ? 'date' : 'dates'} before the one above`;
  return `${rows}, ${samples}${outOfOrder === 0 ? '' : `; out of order: ${dates}`}`;
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
