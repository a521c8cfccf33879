import { KasemError } from '../errors/kasem.error.js';
import { cellsOf, CELLS_DEPTH, FaultFinder } from './fault-finder.js';
import { envelopeFaults, headersFaults, neededSeries, notJson, type Envelope } from './frame-rules.js';
import { COMMA, faultText, isSpace, JsonScanner, OPEN_ARRAY, OPEN_OBJECT, type ScanHandler } from './json-scanner.js';
import { repeatedKey } from './repeated-key.js';

/** The number of bytes that are scanned or parsed at a time. */
const CHUNK_BYTES = 4 << 20;

/** Rows are inside three containers: the body, `scalar` and `data`. */
const ROWS_DEPTH = 3;

/** Paths that may appear only once in a body. The same holds for the params of its method. */
const SINGLE = ['param', 'scalar', 'scalar.headers', 'scalar.data'];

/** The first bytes, in hexadecimal, of files that are mistaken for JSON. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['1f8b', 'it is compressed by gzip'],
  ['504b', 'it is a ZIP archive'],
];

const UTF8 = new TextDecoder();

/**
 * Finds the rows, and the values around them, in a whole body or response, even if that is not valid JSON. Unlike a decoder, it
 * does not stop at the first fault.
 */
export class BodyScan implements ScanHandler, Envelope {
  /** Why the text is not JSON, with the index of the faulty byte. */
  fault: string | undefined;
  /** The number of complete rows. */
  rows = 0;
  /** The path of the first key that appears twice but must not. */
  duplicate: string | undefined;
  private readonly single: ReadonlySet<string>;
  private readonly seen = new Set<string>();
  private readonly scanner = new JsonScanner(this, ROWS_DEPTH);
  /** The keys that lead to the current value, by depth. */
  private readonly keys: (string | undefined)[] = [];
  /** The places of the values above the rows, by path. If a path appears twice, the first one counts. */
  private readonly values = new Map<string | undefined, { readonly start: number; end?: number }>();
  private inRows = false;
  private readonly starts: number[] = [];
  /** The end of the last complete row. */
  private rowsEnd = 0;
  /** The index up to which the text has been scanned. */
  private at = 0;

  /** @param params the names of the method's params */
  constructor(
    readonly bytes: Uint8Array,
    params: readonly string[] = [],
  ) {
    this.single = new Set([...SINGLE, ...params.map((name) => `param.${name}`)]);
  }

  /** Must be run to its end before anything else is called. Yields the part that has been scanned, from 0 to 1. */
  *scan(): Generator<number, void> {
    const { bytes, scanner } = this;
    while (this.at < bytes.length && scanner.fault === undefined && !scanner.isDone) {
      this.at = scanner.scan(bytes, this.at, Math.min(this.at + CHUNK_BYTES, bytes.length));
      yield this.at / bytes.length;
    }
    this.fault = this.faultFrom(this.at);
  }

  /** The index of the first byte of each complete row, then the index of the byte after the last row. */
  get rowStarts(): Float64Array {
    return Float64Array.from([...this.starts.slice(0, this.rows), this.rowsEnd]);
  }

  /** The place of the value at a path. */
  placeAt(path: string): { readonly start: number; readonly end?: number } | undefined {
    return this.values.get(path);
  }

  /** The JSON text of the value at a path, if it is complete. */
  textAt(path: string): string | undefined {
    const { start, end } = this.values.get(path) ?? {};
    return end === undefined ? undefined : UTF8.decode(this.bytes.subarray(start, end));
  }

  /**
   * Parses the rows, many at once, with null for a bare NaN. Yields the part that has been parsed, from 0 to 1.
   * @param take is called with each row and its index
   */
  *parseRows(take: (row: unknown, index: number) => void): Generator<number, void> {
    const { rows, rowStarts } = this;
    for (let row = 0, next = 0; row < rows; row = next) {
      const start = rowStarts[row] as number;
      while (next < rows && (next === row || (rowStarts[next + 1] as number) - start < CHUNK_BYTES)) next++;
      const text = UTF8.decode(this.bytes.subarray(start, rowStarts[next])).replace(/[\s,]+$/, '');
      (JSON.parse(`[${withoutNaN(text)}]`) as unknown[]).forEach((parsed, r) => take(parsed, row + r));
      yield next / rows;
    }
  }

  key(depth: number, text: string | undefined): void {
    this.keys.length = depth;
    this.keys[depth] = text === undefined ? undefined : (JSON.parse(text) as string);
    const path = depth < ROWS_DEPTH ? this.path(depth) : undefined;
    if (path === undefined) return;
    if (this.seen.has(path) && this.single.has(path)) this.duplicate ??= path;
    this.seen.add(path);
  }

  begin(depth: number, first: number, index: number): false {
    if (depth === ROWS_DEPTH) {
      if (this.inRows) this.starts.push(index);
      return false;
    }
    const path = this.path(depth);
    if (path === undefined || this.values.has(path)) return false;
    this.values.set(path, { start: index });
    this.inRows = path === 'scalar.data' && first === OPEN_ARRAY;
    this.scanner.nanDepth = this.inRows ? CELLS_DEPTH : -1;
    return false;
  }

  end(depth: number, index: number): void {
    if (depth === ROWS_DEPTH) {
      if (!this.inRows) return;
      this.rows++;
      this.rowsEnd = index;
      return;
    }
    this.inRows = false;
    this.scanner.nanDepth = -1;
    const value = this.values.get(this.path(depth));
    if (value !== undefined) value.end ??= index;
  }

  private path(depth: number): string | undefined {
    const [, first, second] = this.keys;
    if (depth < 2) return depth === 0 ? '' : first;
    return first === undefined || second === undefined ? undefined : `${first}.${second}`;
  }

  /** The value at a path. Objects, and arrays other than the headers, are returned empty. */
  valueAt(path: string): unknown {
    const { start, end } = this.values.get(path) ?? {};
    if (start === undefined || end === undefined) return undefined;
    if (this.bytes[start] === OPEN_OBJECT) return {};
    if (this.bytes[start] === OPEN_ARRAY && path !== 'scalar.headers') return [];
    return JSON.parse(this.textAt(path) as string);
  }

  get repeated(): string[] {
    return [...this.values].flatMap(([path = '', { start, end }]) =>
      path.startsWith('param.') && this.single.has(path)
        ? (repeatedKey(this.bytes.subarray(start, end), path) ?? [])
        : [],
    );
  }

  bytesAt(path: string): number {
    const { start = 0, end = start } = this.values.get(path) ?? {};
    return end - start;
  }

  /** A finder that has the faults of the body as a whole. It can judge the rows even if the headers lack needed series. */
  finder(needed: readonly string[]): FaultFinder {
    const ofHeaders = headersFaults(this, needed);
    const found =
      this.fault === undefined
        ? [...envelopeFaults(this, needed)]
        : // A missing value may come after the fault.
          [this.malformed(this.fault), ...(this.bytesAt('scalar.headers') > 0 ? ofHeaders : [])];
    const headers = this.valueAt('scalar.headers') as string[];
    const present = neededSeries(headers, needed, needed);
    const isKnown = headersFaults(this, present).length === 0;
    return new FaultFinder(found, isKnown ? headers : undefined, present, (row) => this.rowBytes(row));
  }

  private malformed(fault: string): KasemError {
    if (this.bytes.length === 0) return new KasemError('MALFORMED_JSON', 'the body is empty');
    return notJson(fault, this.place);
  }

  rowText(row: number): string {
    return UTF8.decode(this.rowBytes(row));
  }

  private rowBytes(row: number): Uint8Array {
    let end = this.starts[row + 1] ?? this.rowsEnd;
    while (this.bytes[end - 1] === COMMA || isSpace(this.bytes[end - 1] as number)) end--;
    return this.bytes.subarray(this.starts[row], end);
  }

  /** The path of the row, and of its cell, at which the text stops being JSON; undefined outside the rows. */
  private get place(): string | undefined {
    if (!this.inRows) return undefined;
    const start = this.starts.at(-1) ?? this.at;
    const cells = start < this.rowsEnd ? [] : cellsOf(UTF8.decode(this.bytes.subarray(start, this.at + 1)));
    const row = `scalar.data[${Math.max(this.starts.length - 1, 0)}]`;
    return cells.length === 0 ? row : `${row}[${cells.length - 1}]`;
  }

  /** Why the text is not JSON. `at` is the index at which the scanner stopped. */
  private faultFrom(at: number): string | undefined {
    const { bytes, scanner } = this;
    if (bytes.length === 0) return 'it is empty';
    if (scanner.fault !== undefined) {
      const head = Array.from(bytes.subarray(0, 3), (byte) => byte.toString(16).padStart(2, '0')).join('');
      const known = SIGNATURES.find(([signature]) => at === 0 && head.startsWith(signature));
      return known?.[1] ?? faultText(scanner.fault, scanner.fault.index);
    }
    scanner.finish(bytes.length);
    if (!scanner.isDone) return `unexpected end after ${bytes.length} bytes`;
    const next = bytes.subarray(at).findIndex((byte) => !isSpace(byte));
    return next < 0 ? undefined : `unexpected text after its end at byte ${at + next}`;
  }
}

/** Python writes a missing sample as a bare NaN, which is not JSON. NaN inside a string is kept. */
export const withoutNaN = (text: string): string =>
  text.includes('NaN') ? text.replace(/"(?:[^"\\]|\\.)*"|NaN/g, (found) => (found === 'NaN' ? 'null' : found)) : text;
