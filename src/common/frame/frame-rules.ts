import { KasemError } from '../errors/kasem.error.js';
import { DATE } from './frame.js';

/** The deepest nesting of a body, in its ignored parts too. RFC 8259, section 9, lets a parser set such a limit. */
export const MAX_DEPTH = 512;

/** The longest text of one row, in bytes. */
export const MAX_ROW_BYTES = 1 << 20;

/** The longest text of the headers, in bytes. */
export const MAX_HEADERS_BYTES = 1 << 20;

/** The longest text of a param, in bytes. */
export const MAX_PARAM_BYTES = 1 << 14;

export interface RowFault {
  /** The index of the row in scalar.data. */
  readonly row: number;
  /** What the row is, if it is not an array. */
  readonly notAnArray?: string;
  /** The length of the row, if it is not that of the headers. */
  readonly length?: number;
  /** The row's text is longer than MAX_ROW_BYTES. */
  readonly tooLong?: boolean;
  /** The faulty cell of a needed column: its index in the row, and what it is. */
  readonly cell?: { readonly column: number; readonly found: string };
}

/** @throws KasemError INVALID_BODY if the value is not an object, or is null or an array */
export function assertObject(value: unknown, path: string): asserts value is Record<string, unknown> {
  if (value === undefined) throw new KasemError('INVALID_BODY', `${path} is missing`);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new KasemError('INVALID_BODY', `${path}: expected an object, got ${describe(value)}`);
}

/**
 * @param why from `faultText`
 * @param place the path of the row or cell that has the fault
 */
export const notJson = (why: string, place?: string, options?: ErrorOptions): KasemError =>
  new KasemError(
    'MALFORMED_JSON',
    `the body is not valid JSON: ${place === undefined ? '' : `${place}: `}${why}`,
    options,
  );

/** Either value of a key that appears twice could be meant. */
export const duplicateKey = (path: string): KasemError => new KasemError('INVALID_BODY', `${path} appears twice`);

/** The series without the optional ones that the headers lack. */
export function neededSeries(
  headers: unknown,
  series: readonly string[],
  optional: readonly string[] = [],
): readonly string[] {
  const names: unknown[] = Array.isArray(headers) ? headers : [];
  return series.filter((name) => !optional.includes(name) || names.includes(name));
}

/**
 * Finds the needed columns among the headers.
 * @returns the indices of the columns of `date` and of each series, in this order
 * @throws KasemError INVALID_HEADERS, MISSING_SERIES
 */
export function columnIndices(headers: unknown, series: readonly string[]): number[] {
  if (headers === undefined) throw new KasemError('INVALID_HEADERS', 'scalar.headers is missing');
  if (!Array.isArray(headers))
    throw new KasemError('INVALID_HEADERS', `scalar.headers: expected an array, got ${describe(headers)}`);
  const names: unknown[] = headers;
  const notString = names.findIndex((name) => typeof name !== 'string');
  if (notString >= 0)
    throw new KasemError(
      'INVALID_HEADERS',
      `scalar.headers[${notString}]: expected a string, got ${describe(names[notString])}`,
    );
  const needed = [DATE, ...series];
  for (const name of needed) {
    const first = names.indexOf(name);
    const second = names.indexOf(name, first + 1);
    if (second > first)
      throw new KasemError(
        'INVALID_HEADERS',
        `scalar.headers[${second}]: ${name} appears twice, first at scalar.headers[${first}]`,
      );
  }
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const others = (names as string[]).map((name) => (needed.includes(name) ? '' : name));
    const hints = missing.map((name) => misspelt(name, others));
    throw new KasemError(
      'MISSING_SERIES',
      `scalar.headers: expected ${missing.join(', ')}, got ${listed(names)}${hints.join('')}`,
    );
  }
  return needed.map((name) => names.indexOf(name));
}

/** The number of headers that are searched for a misspelt name. */
const MAX_HINTED = 1000;

/** A hint at the header that is most likely `name` misspelt: at most a third of the characters differ, ignoring case. */
function misspelt(name: string, others: readonly string[]): string {
  const limit = Math.ceil(name.length / 3);
  let nearest = { edits: limit + 1, index: -1 };
  others.slice(0, MAX_HINTED).forEach((other, index) => {
    if (other === '' || Math.abs(other.length - name.length) > limit) return;
    const edits = editDistance(name.toLowerCase(), other.toLowerCase());
    if (edits < nearest.edits) nearest = { edits, index };
  });
  const other = others[nearest.index];
  return other === undefined
    ? ''
    : `; scalar.headers[${nearest.index}] is ${JSON.stringify(other)}: did you mean ${name}?`;
}

/** The number of characters to insert, delete or substitute (V. I. Levenshtein, 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
  }
  return row[b.length] as number;
}

/** The parts of a body around its rows. */
export interface Envelope {
  /** The value at `param`, `scalar`, `scalar.headers` or `scalar.data`. The empty path is the body itself. */
  valueAt(path: string): unknown;
  /** The length of the value's text. */
  bytesAt(path: string): number;
  /** The path of the first needed key that appears twice. */
  readonly duplicate: string | undefined;
  /** The paths of keys that appear twice within a param. */
  readonly repeated: readonly string[];
}

/** All faults around the rows, in the order of the checks. */
export function* envelopeFaults(envelope: Envelope, series: readonly string[]): Generator<KasemError, void> {
  const { duplicate } = envelope;
  const isObject = (path: string, name: string): KasemError[] =>
    thrownBy(() => assertObject(envelope.valueAt(path), name));
  const root = isObject('', 'the body');
  yield* root;
  if (root.length > 0) return;
  if (duplicate !== undefined) yield duplicateKey(duplicate);
  yield* isObject('param', 'param');
  const scalar = isObject('scalar', 'scalar');
  yield* scalar;
  if (scalar.length > 0) return;
  const data = envelope.valueAt('scalar.data');
  if (data === undefined) yield new KasemError('INVALID_BODY', 'scalar.data is missing');
  else if (!Array.isArray(data))
    yield new KasemError('INVALID_BODY', `scalar.data: expected an array, got ${describe(data)}`);
  yield* envelope.repeated.map(duplicateKey);
  yield* headersFaults(envelope, series);
}

/** The fault of the headers, if any. */
export const headersFaults = (envelope: Envelope, series: readonly string[]): KasemError[] =>
  thrownBy(() => {
    assertHeadersLength(envelope.bytesAt('scalar.headers'));
    columnIndices(envelope.valueAt('scalar.headers'), series);
  });

function thrownBy(check: () => void): KasemError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof KasemError) return [error];
    throw error;
  }
}

const NO_FAULTS: readonly RowFault[] = [];

/**
 * All faults of a row, in the order of its cells.
 * @param row from JSON.parse, with null for a bare NaN
 * @param r its index
 * @param width the number of headers
 * @param indices from `columnIndices`
 */
export function rowFaults(row: unknown, r: number, width: number, indices: readonly number[]): readonly RowFault[] {
  if (!Array.isArray(row)) return [{ row: r, notAnArray: describe(row) }];
  if (row.length !== width) return [{ row: r, length: row.length }];
  const cells: unknown[] = row;
  const isGood = (column: number, c: number): boolean => isSample(cells[column], c > 0);
  if (indices.every(isGood)) return NO_FAULTS;
  const bad = indices.filter((column, c) => !isGood(column, c)).sort((a, b) => a - b);
  return bad.map((column) => ({ row: r, cell: { column, found: describe(cells[column]) } }));
}

const isSample = (cell: unknown, mayBeMissing: boolean): boolean =>
  cell === null || cell === 'NaN' ? mayBeMissing : Number.isFinite(cell);

/**
 * @param width the number of headers
 * @param indices from `columnIndices`
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
    return new KasemError('INVALID_ROW', `${path}: expected an array of ${width} values, got ${fault.notAnArray}`);
  if (fault.tooLong) return new KasemError('INVALID_ROW', `${path}: expected at most ${MAX_ROW_BYTES} bytes, got more`);
  if (fault.cell === undefined)
    return new KasemError(
      'INVALID_ROW',
      `${path}: expected ${width} values, as in scalar.headers, got ${fault.length}`,
    );
  const { column, found } = fault.cell;
  const needed = indices.indexOf(column);
  return needed === 0
    ? new KasemError('INVALID_DATE', `${path}[${column}] (${DATE}): expected a number, got ${found}`)
    : new KasemError(
        'INVALID_SAMPLE',
        `${path}[${column}] (${series[needed - 1]}): expected a number or a missing sample, got ${found}`,
      );
}

/** Describes an unexpected value: a string, a number or a boolean by its value, anything else by its type. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return `the string ${JSON.stringify(excerpt(value, SHOWN_CHARACTERS))}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number past the largest double';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
}

/** The same for a JSON text. The first byte of an object or array is enough. */
export function describeText(text: Uint8Array): string {
  const beginning = new TextDecoder().decode(text.subarray(0, SHOWN_BYTES));
  switch (beginning[0]) {
    case '{':
      return 'an object';
    case '[':
      return 'an array';
    case '"':
      return describe(JSON.parse(text.length <= SHOWN_BYTES ? beginning : closed(beginning)));
    case 'N':
      return 'NaN';
    default:
      return describe(JSON.parse(new TextDecoder().decode(text)));
  }
}

/** Closes a string that was cut, without an escape that was cut too. */
const closed = (string: string): string => `${/^"(?:[^"\\]|\\(?:[^u]|u[\da-f]{4}))*/i.exec(string)?.[0]}"`;

/** @throws KasemError INVALID_BODY */
export function assertHeadersLength(bytes: number): void {
  if (bytes > MAX_HEADERS_BYTES)
    throw new KasemError('INVALID_BODY', `scalar.headers: expected at most ${MAX_HEADERS_BYTES} bytes, got ${bytes}`);
}

/** @throws KasemError INVALID_PARAM */
export function assertParamLength(name: string, bytes: number): void {
  if (bytes > MAX_PARAM_BYTES)
    throw new KasemError(
      'INVALID_PARAM',
      `param.${name}: expected at most ${MAX_PARAM_BYTES} bytes of JSON, got ${bytes}`,
    );
}

/** Error texts cut a value to this length. */
const SHOWN_CHARACTERS = 60;

/** Enough for SHOWN_CHARACTERS that are each written as two escapes. */
const SHOWN_BYTES = 1 << 10;

/** Headers are cut to a greater length, since the misspelt name is among them. */
const LISTED_CHARACTERS = 500;

const listed = (names: readonly unknown[]): string =>
  excerpt(JSON.stringify(names.slice(0, LISTED_CHARACTERS)), LISTED_CHARACTERS);

/** Escapes invisible characters, other than tabs and line feeds. */
export const escaped = (text: string): string =>
  text.replace(/[^\P{C}\t\n]/gu, (one) => `\\u${one.codePointAt(0)?.toString(16).padStart(4, '0')}`);

/** Cuts a text, but not inside a surrogate pair. */
export function excerpt(text: string, length: number): string {
  const characters = Array.from(text.slice(0, 2 * length + 2));
  return characters.length <= length ? text : `${characters.slice(0, length).join('')}…`;
}
