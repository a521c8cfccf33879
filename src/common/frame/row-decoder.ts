import { found, MAX_ROW_BYTES, type Found, type RowFault } from './frame-rules.js';
import { JsonScanner } from './json-scanner.js';
import { type Kernel } from './kernel/kernel.js';

/** `scalar.data` stands in three containers: the body, `scalar` and itself. */
const ROWS_DEPTH = 3;

const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Where the needed columns stand in a row, and how many cells a row has. */
export interface RowShape {
  readonly width: number;
  /** For `date` and each series the index of its column. */
  readonly indices: readonly number[];
}

/**
 * Reads the rows of `scalar.data`, from after its `[` to its `]`, from bytes cut anywhere into columns. The kernel takes
 * all rows that are whole and plain; this takes the others, byte by byte: what a chunk cuts, and what is at fault.
 */
export class RowDecoder {
  /** Why the text is no JSON; undefined as long as it may be. */
  malformed: string | undefined;
  /** The first row that is not as it must be. The rest is only checked to be JSON. */
  fault: RowFault | undefined;
  isDone = false;
  rows = 0;
  private columns: Float64Array[] = [];
  /** As the kernel wants it: the index of each needed column with which of the columns it fills, then an end. */
  private readonly needed: Int32Array = new Int32Array();
  /** The distance of two columns in the kernel's memory, in values. */
  private readonly stride: number = 0;
  private capacity = 0;
  private expects: 'row or end' | 'row' | 'comma or end' = 'row or end';
  private readonly scanner: JsonScanner;
  /** The text of the row that the scanner is in, as far as earlier chunks had it. */
  private text: Buffer[] = [];
  private textBytes = 0;
  /** Where each cell of that row begins and ends in its text. */
  private cells: [number, number][] = [];
  private isArray = false;
  /** The index of the text's first byte, relative to the chunk at hand. */
  private origin = 0;

  /**
   * @param shape undefined where the rows are only to be checked to be JSON
   * @param expectedRows tells from the mean length of a row, and from how many there are, how many there may be; 0 where
   * nothing is known
   */
  constructor(
    private readonly kernel: Kernel,
    private readonly shape: RowShape | undefined,
    private readonly expectedRows: (meanRowBytes: number, rows: number) => number,
  ) {
    this.scanner = new JsonScanner(
      {
        begin: (depth, first, index) => {
          if (depth === ROWS_DEPTH) this.isArray = first === OPEN_ARRAY;
          // A row past the limit may have cells without end.
          else if (this.textBytes <= MAX_ROW_BYTES) this.cells.push([index - this.origin, -1]);
          return false;
        },
        end: (depth, index) => {
          const cell = this.cells.at(-1);
          if (depth > ROWS_DEPTH && cell !== undefined) cell[1] = index - this.origin;
        },
        key: () => undefined,
      },
      ROWS_DEPTH + 1,
      ROWS_DEPTH,
      ROWS_DEPTH + 1,
    );
    if (shape === undefined) return;
    const order = shape.indices.map((index, column) => [index, column] as const).sort(([a], [b]) => a - b);
    this.needed = Int32Array.from([...order.flat(), -1]);
    this.stride = Math.floor(kernel.columns.length / shape.indices.length);
  }

  /** The columns, each as long as there are rows. */
  get result(): Float64Array[] {
    if (this.columns.length === 0) this.reserve(0);
    return this.columns.map((column) => column.subarray(0, this.rows));
  }

  /** @returns the index up to which bytes were taken: `to`, the end of the array, or the place where it is malformed */
  push(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    while (i < to && !this.isDone && this.malformed === undefined) {
      if (!this.scanner.isFresh) i = this.scanRow(bytes, i, to);
      else {
        i = this.takePlainRows(bytes, i, to);
        i = this.betweenRows(bytes, i, to);
      }
    }
    return i;
  }

  private takePlainRows(bytes: Uint8Array, from: number, to: number): number {
    const { kernel, shape } = this;
    if (shape === undefined || this.fault !== undefined) return from;
    let i = from;
    for (;;) {
      const end = Math.min(to, i + kernel.INPUT_BYTES.value);
      kernel.input.set(bytes.subarray(i, end));
      kernel.input.fill(0, end - i, end - i + 64);
      kernel.needed.set(this.needed);
      const rows = kernel.readRows(
        end - i,
        this.expects === 'comma or end' ? 1 : 0,
        shape.width,
        shape.indices.length,
      );
      if (rows === 0) return i;
      const taken = kernel.taken.value;
      this.append(rows, taken / rows);
      this.expects = 'comma or end';
      i += taken;
    }
  }

  private append(rows: number, meanRowBytes: number): void {
    if (this.rows + rows > this.capacity)
      this.reserve(Math.max(this.expectedRows(meanRowBytes, this.rows), this.rows + rows));
    const { stride } = this;
    this.columns.forEach((column, c) =>
      column.set(this.kernel.columns.subarray(c * stride, c * stride + rows), this.rows),
    );
    this.rows += rows;
  }

  /** Room for at least so many rows. Pages that nothing is written to cost nothing. */
  private reserve(rows: number): void {
    this.capacity = Math.max(rows, this.capacity * 2);
    this.columns = (this.shape as RowShape).indices.map((_, c) => {
      const larger = new Float64Array(this.capacity);
      const column = this.columns[c];
      if (column !== undefined) larger.set(column.subarray(0, this.rows));
      return larger;
    });
  }

  /** What stands before a row, up to its first byte. */
  private betweenRows(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    for (; i < to; i++) {
      const byte = bytes[i] as number;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      if (byte === CLOSE_ARRAY && this.expects !== 'row') {
        this.isDone = true;
        return i + 1;
      }
      if (this.expects !== 'comma or end') return this.beginRow(bytes, i, to);
      if (byte !== COMMA) {
        // The scanner says the same of any byte that no value begins with.
        this.malformed = `unexpected "${String.fromCharCode(byte)}"`;
        return i;
      }
      this.expects = 'row';
    }
    return i;
  }

  private beginRow(bytes: Uint8Array, from: number, to: number): number {
    this.text = [];
    this.textBytes = 0;
    this.cells = [];
    return this.scanRow(bytes, from, to);
  }

  private scanRow(bytes: Uint8Array, from: number, to: number): number {
    // Where the text began in an earlier chunk, places in it are told from there on.
    this.origin = from - this.textBytes;
    const i = this.scanner.scan(bytes, from, to);
    this.malformed = this.scanner.fault;
    this.textBytes += i - from;
    if (this.textBytes <= MAX_ROW_BYTES) this.text.push(Buffer.from(bytes.subarray(from, i)));
    else this.text = [];
    if (this.scanner.isDone) {
      this.endRow();
      this.scanner.reset();
    }
    return i;
  }

  private endRow(): void {
    this.expects = 'comma or end';
    if (this.shape === undefined || this.fault !== undefined) return;
    this.fault = this.readRow(this.shape);
    if (this.fault !== undefined) this.columns = [];
    else {
      this.samples.forEach((value, c) => (this.kernel.columns[c * this.stride] = value));
      this.append(1, this.textBytes);
    }
  }

  private samples: number[] = [];

  private readRow({ width, indices }: RowShape): RowFault | undefined {
    const row = this.rows;
    if (this.textBytes > MAX_ROW_BYTES) return { row, tooLong: true };
    const text = Buffer.concat(this.text);
    if (!this.isArray) return { row, notAnArray: found(JSON.parse(text.toString())) };
    if (this.cells.length !== width) return { row, length: this.cells.length };
    const faults: { column: number; found: Found }[] = [];
    this.samples = indices.map((column, c) => {
      const [start, end] = this.cells[column] as [number, number];
      const cell = text.subarray(start, end).toString();
      const value: unknown = cell === 'NaN' ? NaN : JSON.parse(cell);
      if (c > 0 && (value === null || cell === 'NaN')) return NaN;
      if (!Number.isFinite(value)) faults.push({ column, found: cell === 'NaN' ? 'NaN' : found(value) });
      return value as number;
    });
    const [first] = faults.sort((a, b) => a.column - b.column);
    return first && { row, cell: first };
  }
}
