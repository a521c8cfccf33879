import { KasemError } from '../errors/kasem.error.js';
import { DATE } from './frame.js';

/** The deepest nesting of a body, where it is skipped as well. RFC 8259, section 9, leaves such a limit to the reader. */
export const MAX_DEPTH = 512;

/** The longest text of one row, in bytes. */
export const MAX_ROW_BYTES = 1 << 20;

/** The longest text of the headers, in bytes. */
export const MAX_HEADERS_BYTES = 1 << 20;

/** The longest text of a param, in bytes. */
export const MAX_PARAM_BYTES = 1 << 14;

/** What stood where something else was needed, in the words of a log. */
export type Found =
  'null' | 'NaN' | 'text' | 'a boolean' | 'an object' | 'an array' | 'a number' | 'past the largest double';

/** The first row of a body that is not as it must be. */
export interface RowFault {
  /** The index of the row in scalar.data. */
  readonly row: number;
  /** The row is no array: what it is. */
  readonly notAnArray?: Found;
  /** The row is of another length than the headers: its length. */
  readonly length?: number;
  /** The row's text is longer than MAX_ROW_BYTES. */
  readonly tooLong?: boolean;
  /** A cell of a needed column is at fault: its index in the row, and what it is. */
  readonly cell?: { readonly column: number; readonly found: Found };
}

/** @throws KasemError INVALID_BODY where the value is no object with keys */
export function assertObject(value: unknown, path: string): asserts value is Record<string, unknown> {
  if (value === undefined) throw new KasemError('INVALID_BODY', `${path} is missing`);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new KasemError('INVALID_BODY', `${path} must be an object and is ${kind(value)}`);
}

/** A key that matters stands twice, so that it is open which of its values is meant. */
export const duplicateKey = (path: string): KasemError =>
  new KasemError('INVALID_BODY', `${path} stands twice`);

/**
 * Finds the needed columns among the headers.
 * @returns for `date` and each of the series, in this order, the index of its column
 * @throws KasemError INVALID_HEADERS, MISSING_SERIES
 */
export function columnIndices(headers: unknown, series: readonly string[]): number[] {
  if (headers === undefined) throw new KasemError('INVALID_HEADERS', 'scalar.headers is missing');
  if (!Array.isArray(headers))
    throw new KasemError('INVALID_HEADERS', `scalar.headers must be an array and is ${found(headers)}`);
  const names: unknown[] = headers;
  const stranger = names.findIndex((name) => typeof name !== 'string');
  if (stranger >= 0)
    throw new KasemError(
      'INVALID_HEADERS',
      `scalar.headers[${stranger}] must be text and is ${found(names[stranger])}`,
    );
  const needed = [DATE, ...series];
  for (const name of needed) {
    const first = names.indexOf(name);
    const second = names.indexOf(name, first + 1);
    if (second > first)
      throw new KasemError(
        'INVALID_HEADERS',
        `scalar.headers[${second}]: ${name} stands twice, first at scalar.headers[${first}]`,
      );
  }
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new KasemError(
      'MISSING_SERIES',
      `scalar.headers lacks ${missing.join(', ')}; it has ${excerpt(JSON.stringify(names.slice(0, EXCERPT_CHARACTERS)))}`,
    );
  return needed.map((name) => names.indexOf(name));
}

/**
 * @param width the number of the headers
 * @param indices as `columnIndices` gives them
 * @param series as given to `columnIndices`
 */
export function rowError(
  fault: RowFault,
  width: number,
  indices: readonly number[],
  series: readonly string[],
): KasemError {
  const path = `scalar.data[${fault.row}]`;
  if (fault.notAnArray !== undefined)
    return new KasemError(
      'INVALID_ROW',
      `${path} must be an array of ${width} values and is ${fault.notAnArray}`,
    );
  if (fault.tooLong) return new KasemError('INVALID_ROW', `${path} is longer than ${MAX_ROW_BYTES} bytes`);
  if (fault.cell === undefined)
    return new KasemError(
      'INVALID_ROW',
      `${path} must have ${width} values, as scalar.headers has, and has ${fault.length}`,
    );
  const { column, found } = fault.cell;
  const needed = indices.indexOf(column);
  return needed === 0
    ? new KasemError('INVALID_DATE', `${path}[${column}] (${DATE}) must be a finite number and is ${found}`)
    : new KasemError(
        'INVALID_SAMPLE',
        `${path}[${column}] (${series[needed - 1]}) must be a finite number, null or NaN and is ${found}`,
      );
}

/** What a value of JSON is, in the words of a log. */
export function found(value: unknown): Found {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'a boolean';
    case 'number':
      return Number.isFinite(value) ? 'a number' : 'past the largest double';
    default:
      return 'an object';
  }
}

/** The same where no number is wanted, so that its size does not matter. */
export function kind(value: unknown): Found {
  return typeof value === 'number' ? 'a number' : found(value);
}

/** What a value of JSON is by its first byte. */
export function foundBy(first: number | undefined): Found {
  switch (String.fromCharCode(first ?? 0)) {
    case '"':
      return 'text';
    case '{':
      return 'an object';
    case '[':
      return 'an array';
    case 'n':
      return 'null';
    case 'N':
      return 'NaN';
    case 't':
    case 'f':
      return 'a boolean';
    default:
      return 'a number';
  }
}

/** @throws KasemError INVALID_BODY */
export function assertHeadersLength(bytes: number): void {
  if (bytes > MAX_HEADERS_BYTES)
    throw new KasemError('INVALID_BODY', `scalar.headers is longer than ${MAX_HEADERS_BYTES} bytes`);
}

/** @throws KasemError INVALID_PARAM */
export function assertParamLength(name: string, bytes: number): void {
  if (bytes > MAX_PARAM_BYTES)
    throw new KasemError(
      'INVALID_PARAM',
      `param.${name}: expected at most ${MAX_PARAM_BYTES} bytes of JSON, got ${bytes}`,
    );
}

const EXCERPT_CHARACTERS = 500;

const excerpt = (text: string): string =>
  text.length <= EXCERPT_CHARACTERS ? text : `${text.slice(0, EXCERPT_CHARACTERS)}…`;
