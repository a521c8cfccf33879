import { KasemError } from '../../../common/errors/kasem.error.js';
import { envelopeFaults, headersFaults, notJson, type Envelope } from '../../../common/frame/frame-rules.js';
import { DATE } from '../../../common/frame/frame.js';
import { faultText, JsonScanner, type ScanHandler } from '../../../common/frame/json-scanner.js';
import { FaultFinder, type Faults } from './faults.js';

/** So many columns are kept: what a plot can show apart. */
const MAX_COLUMNS = 16;

/** So much is scanned, or parsed, at a time. */
const CHUNK_BYTES = 4 << 20;

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
  /** The names of the columns as far as they are names. */
  readonly headers: readonly string[];
  /** Those that are needed and the first others, each as long as there are rows; NaN for what is no finite number. */
  readonly columns: readonly Float64Array[];
  /** For each of them the index of its cells in a row. */
  readonly indices: readonly number[];
  /** For each row the index of its first byte, and at the end that of the byte after the last row. */
  readonly rowStarts: Float64Array;
  /** What the service refuses a body for; none of a response. */
  readonly faults?: Faults;
}

const UTF8 = new TextDecoder();

/**
 * Reads the series of a body or a response, and finds the faults of a body.
 * @param needed the series that the method of a body needs: they are kept, wherever they stand
 * @param progress is told the part that has been read, from 0 to 1
 */
export const readSeries = (
  bytes: Uint8Array,
  needed?: readonly string[],
  progress?: (part: number) => void,
): Series => new SeriesReader(bytes).read(needed, progress);

class SeriesReader implements ScanHandler, Envelope {
  /** The path of the first key that may not stand twice and does. */
  duplicate: string | undefined;
  private readonly seen = new Set<string>();
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

  constructor(private readonly bytes: Uint8Array) {}

  read(needed?: readonly string[], progress?: (part: number) => void): Series {
    const { bytes, scanner } = this;
    let at = 0;
    while (at < bytes.length && scanner.fault === undefined && !scanner.isDone) {
      at = scanner.scan(bytes, at, Math.min(at + CHUNK_BYTES, bytes.length));
      progress?.(at / bytes.length / 2);
    }
    const fault = this.faultFrom(at);
    const scaleSlot = this.scaleSlot(fault === undefined);
    const texts = this.texts();
    const headers = headersOf(texts['scalar.headers']);
    const { rows } = this;
    const finder = needed && this.finder(needed, fault, at);
    this.rowStarts.length = rows;
    const rowStarts = Float64Array.from([...this.rowStarts, this.rowsEnd]);
    return {
      ...(fault !== undefined && { fault }),
      texts,
      ...(scaleSlot && { scaleSlot }),
      rows,
      headers,
      ...this.parseRows(rowStarts, chosen(headers, [DATE, ...(needed ?? [])]), finder, progress),
      rowStarts,
      ...(finder && { faults: finder.faults }),
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

  /** Parses the rows, many at once, and keeps the cells of these indices as far as there are any. */
  private parseRows(
    rowStarts: Float64Array,
    indices: readonly number[],
    finder?: FaultFinder,
    progress?: (part: number) => void,
  ): Pick<Series, 'columns' | 'indices'> {
    const rows = rowStarts.length - 1;
    const columns = indices.map(() => new Float64Array(rows).fill(NaN));
    let width = 0;
    for (let row = 0, next = 0; row < rows; row = next) {
      const start = rowStarts[row] as number;
      while (next < rows && (next === row || (rowStarts[next + 1] as number) - start < CHUNK_BYTES)) next++;
      const text = UTF8.decode(this.bytes.subarray(start, rowStarts[next])).replace(/[\s,]+$/, '');
      (JSON.parse(`[${withoutNaN(text)}]`) as unknown[]).forEach((cells, r) => {
        finder?.judge(cells, row + r);
        if (!Array.isArray(cells)) return;
        width = Math.max(width, cells.length);
        indices.forEach((index, c) => {
          const cell: unknown = cells[index];
          if (Number.isFinite(cell)) (columns[c] as Float64Array)[row + r] = cell as number;
        });
      });
      progress?.((1 + next / rows) / 2);
    }
    const isThere = (_: unknown, c: number): boolean => (indices[c] as number) < width;
    return { columns: columns.filter(isThere), indices: indices.filter(isThere) };
  }

  /** What stands at a path; of an object, or an array other than the headers, only that it is one. */
  valueAt(path: string): unknown {
    const { start, end } = this.values.get(path) ?? {};
    if (start === undefined || end === undefined) return undefined;
    if (this.bytes[start] === OPEN_OBJECT) return {};
    if (this.bytes[start] === OPEN_ARRAY && path !== 'scalar.headers') return [];
    return JSON.parse(UTF8.decode(this.bytes.subarray(start, end)));
  }

  bytesAt(path: string): number {
    const { start = 0, end = start } = this.values.get(path) ?? {};
    return end - start;
  }

  /** Knows the faults of the body as a whole, and judges its rows where there are headers to judge them by. */
  private finder(needed: readonly string[], fault: string | undefined, at: number): FaultFinder {
    const ofHeaders = headersFaults(this, needed);
    const found =
      fault === undefined
        ? [...envelopeFaults(this, needed)]
        : // What is missing may be behind the fault.
          [this.malformed(fault, at), ...(this.bytesAt('scalar.headers') > 0 ? ofHeaders : [])];
    const headers = ofHeaders.length > 0 ? undefined : (this.valueAt('scalar.headers') as string[]);
    return new FaultFinder(found, headers, needed, (row) => this.rowBytes(row));
  }

  private malformed(fault: string, at: number): KasemError {
    if (this.bytes.length === 0) return new KasemError('MALFORMED_JSON', 'the body is empty');
    return notJson(fault, this.placeOf(at));
  }

  private rowBytes(row: number): Uint8Array {
    let end = this.rowStarts[row + 1] ?? this.rowsEnd;
    while (this.bytes[end - 1] === COMMA || isSpace(this.bytes[end - 1] as number)) end--;
    return this.bytes.subarray(this.rowStarts[row], end);
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

/** The names of the columns as far as they are names. */
function headersOf(text: string | undefined): string[] {
  const headers: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(headers) ? headers.map(String) : [];
}

/** The indices of the columns that are needed, and of the first others as far as there is room, in order. */
function chosen(headers: readonly string[], needed: readonly string[]): number[] {
  const indices = new Set(needed.map((name) => headers.indexOf(name)).filter((index) => index >= 0));
  for (let index = 0; indices.size < MAX_COLUMNS; index++) indices.add(index);
  return [...indices].sort((a, b) => a - b);
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** What Python writes for a missing sample is not JSON; in quotes it is text. */
const withoutNaN = (text: string): string =>
  text.includes('NaN')
    ? text.replace(/"(?:[^"\\]|\\.)*"|NaN/g, (found) => (found === 'NaN' ? 'null' : found))
    : text;

/** The cells of one row in its own text, of which the last is empty where it does not end. None where it is no array. */
export function cellsOf(row: string): string[] {
  const bytes = new TextEncoder().encode(row);
  const cells: string[] = [];
  let from = 0;
  const handler: ScanHandler = {
    begin: (depth, _, index) => {
      if (depth === CELLS_DEPTH) cells.push('');
      from = depth === CELLS_DEPTH ? index : from;
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
