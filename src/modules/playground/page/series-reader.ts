import { KasemError } from '../../../common/errors/kasem.error.js';
import { envelopeFaults, headersFaults, notJson, type Envelope } from '../../../common/frame/frame-rules.js';
import { faultText, JsonScanner, type ScanHandler } from '../../../common/frame/json-scanner.js';
import { FaultFinder, type Faults } from './faults.js';

/** Wider rows are read up to here: what a plot can show apart. */
const MAX_COLUMNS = 16;

/** So much is scanned, and its rows parsed, at a time. */
const CHUNK_BYTES = 4 << 20;

/** Rows that came before their headers are parsed once more, so many at a time. */
const CHUNK_ROWS = 50_000;

/** The body holds `scalar`, it holds `data`, that holds the rows, and these the cells. */
const ROWS_DEPTH = 3;
const CELLS_DEPTH = 4;

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const COMMA = 0x2c;

/** The paths whose text is kept. */
const WANTED = ['param.scale', 'scalar.headers', 'error', 'log'];

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

/** What comes before and after the text of a scale that is put in the place of the bytes [start, end). */
export interface ScaleSlot {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** A body or a response, as far as it could be read. */
export interface Series {
  /** Why it is not valid JSON, with the place of its fault. */
  readonly fault?: string;
  /** JSON text of what stands under `param.scale`, `scalar.headers`, `error` and `log`, by path. */
  readonly texts: Readonly<Record<string, string>>;
  /** None where a body has no place for a scale. */
  readonly scaleSlot?: ScaleSlot;
  readonly rows: number;
  /** The columns in the order of the cells, each as long as there are rows; NaN for what is no finite number. */
  readonly columns: readonly Float64Array[];
  /** For each row the index of its first byte, and at the end that of the byte after the last row. */
  readonly rowStarts: Float64Array;
  /** What the service refuses a body for; none of a response. */
  readonly faults?: Faults;
}

const UTF8 = new TextDecoder();

/**
 * Reads the series of a body or a response, and finds the faults of a body.
 * @param progress is told the part that has been read, from 0 to 1
 * @param needed the series that the method of the body needs
 */
export const readSeries = (
  bytes: Uint8Array,
  progress?: (part: number) => void,
  needed?: readonly string[],
): Series => new SeriesReader(bytes, needed).read(progress);

class SeriesReader implements ScanHandler, Envelope {
  private readonly scanner = new JsonScanner(this, ROWS_DEPTH);
  /** The keys that lead to the value at hand, by depth. */
  private readonly keys: (string | undefined)[] = [];
  /** The values above the rows by path. Of values with the same path the first counts. */
  private readonly values = new Map<string | undefined, { readonly start: number; end?: number }>();
  private inRows = false;
  private readonly rowStarts: number[] = [];
  /** The end of the last whole row. */
  private rowsEnd = 0;
  private rows = 0;
  private readonly columns: number[][] = [];
  private readonly finder: FaultFinder | undefined;
  /** Rows that have been judged: none before the headers are known. */
  private judged = 0;
  private readonly seen = new Set<string>();
  duplicate: string | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    needed: readonly string[] | undefined,
  ) {
    this.finder = needed && new FaultFinder(needed, (row) => cellsOf(UTF8.decode(this.rowBytes(row))));
  }

  read(progress?: (part: number) => void): Series {
    const { bytes, scanner } = this;
    let at = 0;
    while (at < bytes.length && scanner.fault === undefined && !scanner.isDone) {
      at = scanner.scan(bytes, at, Math.min(at + CHUNK_BYTES, bytes.length));
      this.parseRows();
      progress?.(at / bytes.length);
    }
    const fault = this.faultFrom(at);
    const faults = this.finder && this.faultsOf(this.finder, fault, at);
    const scaleSlot = this.scaleSlot(fault === undefined);
    return {
      ...(fault !== undefined && { fault }),
      texts: this.texts(),
      ...(scaleSlot && { scaleSlot }),
      rows: this.rows,
      columns: this.columns.map((column) => new Float64Array(column)),
      rowStarts: new Float64Array([...this.rowStarts.slice(0, this.rows), this.rowsEnd]),
      ...(faults && { faults }),
    };
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
      if (this.inRows) this.rowStarts.push(index);
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
      if (this.inRows) this.rowsEnd = index;
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

  /** Takes the rows that have been scanned since the last time, all at once. */
  private parseRows(): void {
    const from = this.rowStarts[this.rows];
    if (from === undefined || this.rowsEnd <= from) return;
    const rows = this.parsed(from, this.rowsEnd);
    for (const row of rows) {
      const cells: readonly unknown[] = Array.isArray(row) ? row : [];
      while (this.columns.length < Math.min(cells.length, MAX_COLUMNS))
        this.columns.push(new Array<number>(this.rows).fill(NaN));
      this.columns.forEach((column, c) => {
        column.push(Number.isFinite(cells[c]) ? (cells[c] as number) : NaN);
      });
      this.rows++;
    }
    if (this.judged === this.rows - rows.length) this.judge(rows);
  }

  /** The rows within [from, to). */
  private parsed(from: number, to: number): unknown[] {
    return JSON.parse(`[${withoutNaN(UTF8.decode(this.bytes.subarray(from, to)))}]`) as unknown[];
  }

  /** Judges the next rows, if there are headers to judge them by. */
  private judge(rows: readonly unknown[]): void {
    const { finder } = this;
    if (finder === undefined || !this.hasHeaders(finder)) return;
    for (const row of rows) finder.judge(row, this.judged, this.rowBytes(this.judged++).length);
  }

  private hasHeaders(finder: FaultFinder): boolean {
    if (!finder.canJudge && headersFaults(this, finder.series).length === 0)
      finder.takeHeaders(this.valueAt('scalar.headers'));
    return finder.canJudge;
  }

  /** The text of a row. */
  private rowBytes(row: number): Uint8Array {
    let end = Math.min(this.rowStarts[row + 1] ?? Infinity, this.rowsEnd);
    while (isBetweenRows(this.bytes[end - 1] as number)) end--;
    return this.bytes.subarray(this.rowStarts[row], end);
  }

  valueAt(path: string): unknown {
    const { start, end } = this.values.get(path) ?? {};
    if (start === undefined || end === undefined) return undefined;
    // What is in it is judged by itself.
    if (this.bytes[start] === OPEN_OBJECT) return {};
    if (this.bytes[start] === OPEN_ARRAY && path !== 'scalar.headers') return [];
    return JSON.parse(UTF8.decode(this.bytes.subarray(start, end)));
  }

  bytesAt(path: string): number {
    const { start = 0, end = start } = this.values.get(path) ?? {};
    return end - start;
  }

  /** Judges what has not been judged yet. */
  private faultsOf(finder: FaultFinder, fault: string | undefined, at: number): Faults {
    while (this.hasHeaders(finder) && this.judged < this.rows) {
      const next = Math.min(this.judged + CHUNK_ROWS, this.rows);
      const to = this.rowBytes(next - 1);
      this.judge(this.parsed(this.rowStarts[this.judged] as number, to.byteOffset + to.length));
    }
    if (fault === undefined) return finder.faults([...envelopeFaults(this, finder.series)]);
    const { bytes, values } = this;
    const isEmpty = bytes.length === 0;
    // What is missing may be behind the fault.
    const headers = values.get('scalar.headers')?.end === undefined ? [] : headersFaults(this, finder.series);
    return finder.faults([
      isEmpty ? new KasemError('MALFORMED_JSON', 'the body is empty') : notJson(fault, this.placeOf(at)),
      ...headers,
    ]);
  }

  /** The path of the row, and of its cell, where the text ceases to be JSON; undefined outside of rows. */
  private placeOf(at: number): string | undefined {
    if (!this.inRows) return undefined;
    const start = this.rowStarts.at(-1) ?? at;
    const cells = start < this.rowsEnd ? [] : cellsOf(UTF8.decode(this.bytes.subarray(start, at + 1)));
    const row = `scalar.data[${Math.max(this.rowStarts.length - 1, 0)}]`;
    return cells.length === 0 ? row : `${row}[${cells.length - 1}]`;
  }

  private texts(): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const path of WANTED) {
      const { start, end } = this.values.get(path) ?? {};
      if (end !== undefined) texts[path] = UTF8.decode(this.bytes.subarray(start, end));
    }
    return texts;
  }

  /** Where the scale stands; or a place to put one, at the beginning of `param`, or of the body with a `param` around it. */
  private scaleSlot(isWhole: boolean): ScaleSlot | undefined {
    const { start, end } = this.values.get('param.scale') ?? {};
    if (start !== undefined && end !== undefined) return { start, end, before: '', after: '' };
    const param = this.values.get('param');
    const object = param ?? this.values.get('');
    if (!isWhole || object === undefined || this.bytes[object.start] !== OPEN_OBJECT) return undefined;
    const at = object.start + 1;
    const [before, after] = param === undefined ? ['"param":{"scale":', '}'] : ['"scale":', ''];
    const isEmpty = this.bytes.subarray(at).find((byte) => !isSpace(byte)) === CLOSE_OBJECT;
    return { start: at, end: at, before, after: isEmpty ? after : `${after},` };
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
const isBetweenRows = (byte: number): boolean => byte === COMMA || isSpace(byte);

/** What Python writes for a missing sample is not JSON; in quotes it is text. */
const withoutNaN = (text: string): string =>
  text.includes('NaN')
    ? text.replace(/"(?:[^"\\]|\\.)*"|NaN/g, (found) => (found === 'NaN' ? 'null' : found))
    : text;

/** The cells of one row in its own text, which may end early: one that does not end is empty. None where it is no array. */
export function cellsOf(row: string): string[] {
  const bytes = new TextEncoder().encode(row);
  const cells: string[] = [];
  let from = 0;
  const handler: ScanHandler = {
    begin: (depth, _, index) => {
      if (depth !== CELLS_DEPTH) return false;
      from = index;
      cells.push('');
      return false;
    },
    end: (depth, index) => {
      if (depth === CELLS_DEPTH) cells[cells.length - 1] = UTF8.decode(bytes.subarray(from, index));
    },
    key: () => undefined,
  };
  const scanner = new JsonScanner(handler, CELLS_DEPTH, ROWS_DEPTH, CELLS_DEPTH);
  if (row.startsWith('[')) scanner.scan(bytes, 0, bytes.length);
  return cells;
}
