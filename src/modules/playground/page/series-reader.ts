import { faultText, JsonScanner, type JsonFault } from '../../../common/frame/json-scanner.js';

/** Wider rows are read up to here: what a plot can show apart. */
const MAX_COLUMNS = 16;

/** The longest text of a row or of a value that is kept, in bytes. */
const MAX_KEPT_BYTES = 4 << 20;

/** The body holds `scalar`, it holds `data`, that holds the rows, and these the cells. */
const ROWS_DEPTH = 3;
const CELLS_DEPTH = 4;

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

/** The paths whose text is kept. */
const WANTED: ReadonlySet<string> = new Set(['param.scale', 'scalar.headers', 'error', 'log']);

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
}

const UTF8 = new TextDecoder();

/** Reads the series of a body, or of a response, from its bytes, cut anywhere. Judges nothing: that is the service's part. */
export class SeriesReader {
  private readonly scanner = new JsonScanner(
    {
      begin: (depth, first, index) => this.begin(depth, first, index),
      end: (depth, index) => this.end(depth, index),
      key: (depth, text) => this.key(depth, text),
    },
    ROWS_DEPTH,
    0,
    CELLS_DEPTH,
  );
  private fault: string | undefined;
  /** The bytes at hand: what had to be kept, then the chunk. */
  private bytes: Uint8Array = new Uint8Array();
  /** How many bytes stood before those at hand. */
  private offset = 0;
  private readonly keys: (string | undefined)[] = [];
  private readonly seen = new Set<string>();
  private readonly texts: Record<string, string> = {};
  /** Where a wanted value, or the rows that are not parsed yet, begin among the bytes at hand. */
  private keptFrom: number | undefined;
  private openBody: number | undefined;
  private openParam: number | undefined;
  private isBodyEmpty = true;
  private isParamEmpty = true;
  private scale: [start: number, end: number] | undefined;
  private inRows = false;
  private rowsEnd = 0;
  /** The end of the last whole row among the bytes at hand. */
  private wholeTo = 0;
  private tooLong = false;
  private rows = 0;
  private starts = new Float64Array(1024);
  private started = 0;
  private columns: Float64Array[] = [];

  push(chunk: Uint8Array): void {
    if (this.fault !== undefined || chunk.length === 0) return;
    const kept = this.keptFrom === undefined ? new Uint8Array() : this.bytes.subarray(this.keptFrom);
    const from = kept.length;
    this.offset += this.bytes.length - from;
    this.bytes = from === 0 ? chunk : concat(kept, chunk);
    if (this.keptFrom !== undefined) this.keptFrom = 0;
    this.wholeTo = 0;

    const i = this.scanner.scan(this.bytes, from, this.bytes.length);
    this.takeWholeRows();
    if (this.scanner.fault !== undefined) this.fault = this.told(this.scanner.fault);
    else if (this.scanner.isDone) {
      const next = this.bytes.subarray(i).findIndex((byte) => byte > 0x20);
      if (next >= 0) this.fault = this.told({ why: 'unexpected text after its end', index: i + next });
    }
    if (this.keptFrom !== undefined && this.bytes.length - this.keptFrom > MAX_KEPT_BYTES) {
      this.tooLong = this.inRows;
      this.keptFrom = undefined;
    }
  }

  /** The whole text has been pushed. */
  finish(): Series {
    const length = this.offset + this.bytes.length;
    if (this.fault === undefined) {
      this.scanner.finish(this.bytes.length);
      if (length === 0) this.fault = 'it is empty';
      else if (!this.scanner.isDone) this.fault = `unexpected end after ${length} bytes`;
    }
    const starts = this.starts.slice(0, this.rows + 1);
    starts[this.rows] = this.rowsEnd;
    const scaleSlot = this.scaleSlot;
    return {
      ...(this.fault !== undefined && { fault: this.fault }),
      texts: this.texts,
      ...(scaleSlot && { scaleSlot }),
      rows: this.rows,
      columns: this.columns.map((column) => column.slice(0, this.rows)),
      rowStarts: starts,
    };
  }

  private get scaleSlot(): ScaleSlot | undefined {
    if (this.scale !== undefined) return { start: this.scale[0], end: this.scale[1], before: '', after: '' };
    const [key, at] = ['"scale":', this.openParam ?? this.openBody];
    if (at === undefined || this.fault !== undefined) return undefined;
    if (this.openParam !== undefined)
      return { start: at, end: at, before: key, after: this.isParamEmpty ? '' : ',' };
    if (this.seen.has('param')) return undefined;
    return { start: at, end: at, before: `"param":{${key}`, after: this.isBodyEmpty ? '}' : '},' };
  }

  private begin(depth: number, first: number, index: number): false {
    const at = this.offset + index;
    if (depth === ROWS_DEPTH) {
      if (this.inRows) this.beginRow(at, index);
      return false;
    }
    if (depth === 0 && first === OPEN_OBJECT) this.openBody = at + 1;
    const path = this.path(depth);
    if (path === undefined || this.seen.has(path)) return false;
    this.seen.add(path);
    if (path === 'param' && first === OPEN_OBJECT) this.openParam = at + 1;
    if (path === 'scalar.data' && first === OPEN_ARRAY) this.inRows = true;
    if (WANTED.has(path)) this.keptFrom = index;
    return false;
  }

  private end(depth: number, index: number): void {
    if (depth === ROWS_DEPTH) {
      if (this.inRows) this.endRow(index);
      return;
    }
    if (this.inRows && depth === ROWS_DEPTH - 1) {
      this.takeWholeRows();
      this.inRows = false;
      return;
    }
    const path = this.path(depth);
    if (path === undefined || this.keptFrom === undefined || this.inRows || !WANTED.has(path)) return;
    this.texts[path] = UTF8.decode(this.bytes.subarray(this.keptFrom, index));
    if (path === 'param.scale') this.scale = [this.offset + this.keptFrom, this.offset + index];
    this.keptFrom = undefined;
  }

  private key(depth: number, text: string | undefined): void {
    if (depth === 1) this.isBodyEmpty = false;
    if (depth === 2 && this.keys[1] === 'param') this.isParamEmpty = false;
    this.keys.length = depth;
    this.keys[depth] = text === undefined ? undefined : (JSON.parse(text) as string);
  }

  private path(depth: number): string | undefined {
    const [, first, second] = this.keys;
    if (depth === 1) return first;
    return depth === 2 && first !== undefined && second !== undefined ? `${first}.${second}` : undefined;
  }

  private beginRow(at: number, index: number): void {
    this.keptFrom ??= index;
    this.rowsEnd = at;
    if (this.started + 1 >= this.starts.length) this.starts = grown(this.starts, this.starts.length * 2);
    this.starts[this.started++] = at;
  }

  private endRow(index: number): void {
    this.rowsEnd = this.offset + index;
    this.wholeTo = index;
    if (!this.tooLong) return;
    this.tooLong = false;
    this.append([undefined]);
    this.keptFrom = undefined;
  }

  /** Rows are parsed many at a time: a text of some megabytes, then none. */
  private takeWholeRows(): void {
    if (!this.inRows || this.keptFrom === undefined || this.wholeTo <= this.keptFrom) return;
    const text = UTF8.decode(this.bytes.subarray(this.keptFrom, this.wholeTo));
    this.append(JSON.parse(`[${withoutNaN(text)}]`) as unknown[]);
    // What is left is the beginning of a row, or nothing.
    const next = this.started > this.rows ? (this.starts[this.rows] as number) - this.offset : undefined;
    this.keptFrom = next;
  }

  private append(rows: readonly unknown[]): void {
    const capacity = this.columns[0]?.length ?? 0;
    if (this.rows + rows.length > capacity) {
      const larger = Math.max(this.rows + rows.length, capacity * 2);
      this.columns = this.columns.map((column) => grown(column, larger));
    }
    for (const row of rows) {
      const cells: readonly unknown[] = Array.isArray(row) ? row : [];
      while (this.columns.length < Math.min(cells.length, MAX_COLUMNS))
        this.columns.push(
          new Float64Array(this.columns[0]?.length ?? this.rows + rows.length).fill(NaN, 0, this.rows),
        );
      for (let c = 0; c < this.columns.length; c++) {
        const cell = cells[c];
        (this.columns[c] as Float64Array)[this.rows] = Number.isFinite(cell) ? (cell as number) : NaN;
      }
      this.rows++;
    }
  }

  private told(fault: JsonFault): string {
    const at = this.offset + fault.index;
    const head = at === 0 ? hex(this.bytes.subarray(0, 3)) : '';
    const known = SIGNATURES.find(([signature]) => at === 0 && head.startsWith(signature));
    return known?.[1] ?? faultText(fault, at);
  }
}

/** The cells of one row in its own text, which may be broken; none where it is no array. */
export function cellsOf(row: string): string[] {
  const bytes = new TextEncoder().encode(row);
  const cells: string[] = [];
  let from = 0;
  const scanner = new JsonScanner(
    {
      begin: (depth, _, index) => {
        if (depth === CELLS_DEPTH) from = index;
        return false;
      },
      end: (depth, index) => {
        if (depth === CELLS_DEPTH) cells.push(UTF8.decode(bytes.subarray(from, index)));
      },
      key: () => undefined,
    },
    CELLS_DEPTH,
    ROWS_DEPTH,
    CELLS_DEPTH,
  );
  if (row.startsWith('[')) scanner.scan(bytes, 0, bytes.length);
  return cells;
}

/** Columns along an axis on which a plot can find its way, which asks for order. */
export interface Timeline {
  /** Seconds since the Unix epoch, or numbers of rows where the dates are none that a calendar has. */
  readonly x: Float64Array;
  readonly isTime: boolean;
  /** Whether no date comes before the one above. */
  readonly isSorted: boolean;
  /** The points before which there are no samples for long. */
  readonly jumps: Uint32Array;
  /** For each point the number of its row; none where that is the same. */
  readonly order?: Uint32Array;
}

/** The last second of JavaScript's calendar, ECMA-262, section 21.4.1.1. */
const LAST_SECOND = 8.64e12;

/** Steps that are so many times the usual one are gaps. */
const USUAL_STEPS = 10;

/** @param dates seconds since the Unix epoch by row; rows without one have no place in the result */
export function timelineOf(dates: Float64Array): Timeline {
  let [isSorted, isTime] = [true, true];
  let dated = 0;
  let above = -Infinity;
  for (const date of dates) {
    if (Number.isNaN(date)) continue;
    dated++;
    if (Math.abs(date) > LAST_SECOND) isTime = false;
    if (date < above) isSorted = false;
    above = date;
  }
  if (!isTime || dated === 0)
    return { x: Float64Array.from(dates.keys()), isTime: false, isSorted: true, jumps: Uint32Array.of() };
  if (isSorted && dated === dates.length) return { x: dates, isTime, isSorted, jumps: jumpsOf(dates) };
  const order = Uint32Array.from(dates.keys())
    .filter((row) => !Number.isNaN(dates[row]))
    .sort((a, b) => (dates[a] as number) - (dates[b] as number) || a - b);
  const x = along(dates, order);
  return { x, isTime, isSorted, jumps: jumpsOf(x), order };
}

/** The usual step is the median of a thousand. */
function jumpsOf(x: Float64Array): Uint32Array {
  const step = (i: number): number => (x[i] as number) - (x[i - 1] as number);
  const steps: number[] = [];
  for (let i = 1; i < x.length; i += Math.ceil(x.length / 1000)) if (step(i) > 0) steps.push(step(i));
  const longest = USUAL_STEPS * (steps.sort((a, b) => a - b)[steps.length >> 1] ?? Infinity);
  const jumps: number[] = [];
  for (let i = 1; i < x.length; i++) if (step(i) > longest) jumps.push(i);
  return Uint32Array.from(jumps);
}

/** The values of a column in an order of its rows. */
export const along = (column: Float64Array, order: Uint32Array | undefined): Float64Array =>
  order === undefined ? column : Float64Array.from(order, (row) => column[row] as number);

/** What Python writes for a missing sample is not JSON; in quotes it is text. */
const withoutNaN = (text: string): string =>
  text.includes('NaN')
    ? text.replace(/"(?:[^"\\]|\\.)*"|NaN/g, (found) => (found === 'NaN' ? 'null' : found))
    : text;

function grown(column: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(column);
  return larger;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
