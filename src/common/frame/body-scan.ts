import { KasemError } from '../errors/kasem.error.js';
import { cellsOf, CELLS_DEPTH, FaultFinder } from './fault-finder.js';
import { envelopeFaults, headersFaults, notJson, type Envelope } from './frame-rules.js';
import { faultText, JsonScanner, type ScanHandler } from './json-scanner.js';

/** So much is scanned, or parsed, at a time. */
const CHUNK_BYTES = 4 << 20;

/** The body holds `scalar`, it holds `data`, and that holds the rows. */
const ROWS_DEPTH = 3;

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const COMMA = 0x2c;

/** None of these may stand twice in a body. */
const SINGLE = new Set<string | undefined>([
  'param',
  'scalar',
  'scalar.headers',
  'scalar.data',
  'param.scale',
]);

/** How files begin that are taken for JSON by mistake, in hexadecimal digits. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['1f8b', 'it is compressed by gzip'],
  ['504b', 'it is a ZIP archive'],
];

const UTF8 = new TextDecoder();

/**
 * Finds what there is in a whole body or response, also in one that is broken: where a decoder stops at the first fault,
 * this goes on. It knows where the rows stand and what stands around them.
 */
export class BodyScan implements ScanHandler, Envelope {
  /** Why the text is not JSON, with the byte at fault. */
  readonly fault: string | undefined;
  /** The number of rows that are whole. */
  rows = 0;
  /** The path of the first key that may not stand twice and does. */
  duplicate: string | undefined;
  private readonly seen = new Set<string>();
  private readonly scanner = new JsonScanner(this, ROWS_DEPTH);
  /** The keys that lead to the value at hand, by depth. */
  private readonly keys: (string | undefined)[] = [];
  /** The values above the rows by path. Of values with the same path the first counts. */
  private readonly values = new Map<string | undefined, { readonly start: number; end?: number }>();
  private inRows = false;
  private readonly starts: number[] = [];
  /** The end of the last whole row. */
  private rowsEnd = 0;
  /** How far the text was scanned. */
  private at = 0;

  /** @param progress is told the part that has been scanned, from 0 to 1 */
  constructor(
    readonly bytes: Uint8Array,
    progress?: (part: number) => void,
  ) {
    const { scanner } = this;
    while (this.at < bytes.length && scanner.fault === undefined && !scanner.isDone) {
      this.at = scanner.scan(bytes, this.at, Math.min(this.at + CHUNK_BYTES, bytes.length));
      progress?.(this.at / bytes.length);
    }
    this.fault = this.faultFrom(this.at);
  }

  /** For each whole row the index of its first byte, and at the end that of the byte after the last row. */
  get rowStarts(): Float64Array {
    return Float64Array.from([...this.starts.slice(0, this.rows), this.rowsEnd]);
  }

  /** The place of the value at a path. */
  placeAt(path: string): { readonly start: number; readonly end?: number } | undefined {
    return this.values.get(path);
  }

  /** The JSON text of the value at a path, if it is whole. */
  textAt(path: string): string | undefined {
    const { start, end } = this.values.get(path) ?? {};
    return end === undefined ? undefined : UTF8.decode(this.bytes.subarray(start, end));
  }

  /**
   * Parses the rows, many at once, a bare NaN as null.
   * @param take is given each row and its index
   */
  parseRows(take: (row: unknown, index: number) => void, progress?: (part: number) => void): void {
    const { rows, rowStarts } = this;
    for (let row = 0, next = 0; row < rows; row = next) {
      const start = rowStarts[row] as number;
      while (next < rows && (next === row || (rowStarts[next + 1] as number) - start < CHUNK_BYTES)) next++;
      const text = UTF8.decode(this.bytes.subarray(start, rowStarts[next])).replace(/[\s,]+$/, '');
      (JSON.parse(`[${withoutNaN(text)}]`) as unknown[]).forEach((parsed, r) => take(parsed, row + r));
      progress?.(next / rows);
    }
  }

  key(depth: number, text: string | undefined): void {
    this.keys.length = depth;
    this.keys[depth] = text === undefined ? undefined : (JSON.parse(text) as string);
    const path = depth < ROWS_DEPTH ? this.path(depth) : undefined;
    if (path === undefined) return;
    if (this.seen.has(path) && SINGLE.has(path)) this.duplicate ??= path;
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

  /** What stands at a path; of an object, or an array other than the headers, only that it is one. */
  valueAt(path: string): unknown {
    const { start, end } = this.values.get(path) ?? {};
    if (start === undefined || end === undefined) return undefined;
    if (this.bytes[start] === OPEN_OBJECT) return {};
    if (this.bytes[start] === OPEN_ARRAY && path !== 'scalar.headers') return [];
    return JSON.parse(this.textAt(path) as string);
  }

  bytesAt(path: string): number {
    const { start = 0, end = start } = this.values.get(path) ?? {};
    return end - start;
  }

  /** Knows the faults of the body as a whole, and judges its rows where there are headers to judge them by. */
  finder(needed: readonly string[]): FaultFinder {
    const ofHeaders = headersFaults(this, needed);
    const found =
      this.fault === undefined
        ? [...envelopeFaults(this, needed)]
        : // What is missing may be behind the fault.
          [this.malformed(this.fault), ...(this.bytesAt('scalar.headers') > 0 ? ofHeaders : [])];
    const headers = ofHeaders.length > 0 ? undefined : (this.valueAt('scalar.headers') as string[]);
    return new FaultFinder(found, headers, needed, (row) => this.rowBytes(row));
  }

  private malformed(fault: string): KasemError {
    if (this.bytes.length === 0) return new KasemError('MALFORMED_JSON', 'the body is empty');
    return notJson(fault, this.place);
  }

  private rowBytes(row: number): Uint8Array {
    let end = this.starts[row + 1] ?? this.rowsEnd;
    while (this.bytes[end - 1] === COMMA || isSpace(this.bytes[end - 1] as number)) end--;
    return this.bytes.subarray(this.starts[row], end);
  }

  /** The path of the row, and of its cell, where the text ceases to be JSON; undefined outside of rows. */
  private get place(): string | undefined {
    if (!this.inRows) return undefined;
    const start = this.starts.at(-1) ?? this.at;
    const cells = start < this.rowsEnd ? [] : cellsOf(UTF8.decode(this.bytes.subarray(start, this.at + 1)));
    const row = `scalar.data[${Math.max(this.starts.length - 1, 0)}]`;
    return cells.length === 0 ? row : `${row}[${cells.length - 1}]`;
  }

  /** Why the text is not JSON, by how far the scanner came. */
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

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** What Python writes for a missing sample is not JSON; in quotes it is text. */
const withoutNaN = (text: string): string =>
  text.includes('NaN')
    ? text.replace(/"(?:[^"\\]|\\.)*"|NaN/g, (found) => (found === 'NaN' ? 'null' : found))
    : text;
