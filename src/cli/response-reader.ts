import { seriesOf } from '../common/frame/series-reader.js';
import { shown } from './terminal.js';

/** A response, or a recorded one. */
export interface ReadResponse {
  readonly error: number | undefined;
  readonly log: string | undefined;
  /** By name, in the order of the headers; NaN means missing. Empty if the response has no series. */
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly rows: number;
}

/** How much of a text that is not JSON is read to be shown. */
const BEGINNING_BYTES = 1000;
const SHOWN = 200;

/**
 * Reads `{"scalar": {"headers", "data"}, "error", "log"}`.
 * @throws Error if the text is not JSON, or if a row is not as many numbers, or null, as there are headers
 */
export function readResponse(bytes: Buffer): ReadResponse {
  const { fault, texts, headers, columns, rows, rowStarts, oddRow } = seriesOf(bytes);
  if (fault !== undefined)
    throw new Error(`this is not JSON, ${fault}: ${shown(bytes.toString('utf8', 0, BEGINNING_BYTES).trim(), SHOWN)}`);
  if (oddRow !== undefined) {
    const row = bytes.toString('utf8', rowStarts[oddRow], rowStarts[oddRow + 1]).replace(/[\s,]+$/, '');
    throw new Error(`scalar.data[${oddRow}] is no row of ${headers.length} numbers or null: ${shown(row, SHOWN)}`);
  }
  const [error, log] = [texts.error, texts.log].map((json): unknown => json && JSON.parse(json));
  const values = new Map(columns.map((column) => [column.name, column.values]));
  return {
    error: typeof error === 'number' ? error : undefined,
    log: typeof log === 'string' ? log : undefined,
    columns: new Map(headers.map((name) => [name, values.get(name) ?? new Float64Array()])),
    rows,
  };
}

/** At most `count` places where two responses differ, each in a sentence. */
export function differences(found: ReadResponse, expected: ReadResponse, tolerance: number, count: number): string[] {
  const list: string[] = [];
  // Responses of the public example have no error.
  if (expected.error !== undefined && found.error !== expected.error)
    list.push(`error is ${String(found.error)} and not ${String(expected.error)}`);
  if (found.rows !== expected.rows) list.push(`there are ${found.rows} rows and not ${expected.rows}`);
  const [names, wanted] = [[...found.columns.keys()].join(), [...expected.columns.keys()].join()];
  if (names !== wanted) return [...list, `the columns are ${names} and not ${wanted}`];
  const columns = [...expected.columns.entries()];
  for (let row = 0; row < Math.min(found.rows, expected.rows); row++)
    for (const [c, [name, column]] of columns.entries()) {
      const [a, b] = [found.columns.get(name)?.[row] as number, column[row] as number];
      if (isNear(a, b, tolerance)) continue;
      if (list.length >= count) return list;
      list.push(`scalar.data[${row}][${c}] (${name}) is ${named(a)} and not ${named(b)}`);
    }
  return list;
}

/** @param tolerance relative to the larger of both; 0 requires the same double */
export const isNear = (a: number, b: number, tolerance: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));

const named = (value: number): string => (Number.isNaN(value) ? 'missing' : String(value));
