import { describeText, MAX_ROW_BYTES, type RowFault } from './frame-rules.js';
import { free, isShort } from '../free.js';
import { CLOSE_ARRAY, COMMA, isSpace, JsonScanner, OPEN_ARRAY, unexpected, type JsonFault } from './json-scanner.js';
import { type Kernel } from './kernel/kernel.js';
import { TextBlocks } from './text-blocks.js';

/** Rows are inside three containers: the body, `scalar` and `data`. */
const ROWS_DEPTH = 3;

/** The most rows to allocate in advance: an array cannot be as long as the longest body that can be configured. */
const MAX_EXPECTED_ROWS = 1 << 27;

/** The first bytes of a number. */
const NUMBER = Buffer.from('-0123456789');

export interface RowShape {
  /** The number of cells in a row. */
  readonly width: number;
  /** The indices of the columns of `date` and of each series. */
  readonly indices: readonly number[];
}

/** The place of a needed cell in the text of its row. */
interface Place {
  /** The index of the cell in its row. */
  readonly column: number;
  /** The index of the needed column that it fills. */
  readonly target: number;
  start: number;
  end: number;
}

/**
 * Decodes the rows of `scalar.data`, from after its `[` to its `]`, into columns. The bytes may be cut anywhere. The kernel takes
 * complete rows without faults. This class takes the others byte by byte: rows cut by a chunk, and faulty rows.
 */
export class RowDecoder {
  /** Why the text is not JSON; undefined if no fault has been found yet. */
  malformed: JsonFault | undefined;
  /** The first faulty row. Rows after it are only checked to be JSON. */
  fault: RowFault | undefined;
  isDone = false;
  rows = 0;
  private columns: Float64Array[] = [];
  /** The needed cells in the order of their columns. */
  private readonly places: readonly Place[];
  /** For the kernel: pairs of the index of a needed column in a row and of the column that it fills, then -1 as the end. */
  private readonly needed: Int32Array;
  /** The distance between two columns in the kernel's memory, in values. */
  private readonly stride: number;
  private capacity = 0;
  private expects: 'row or end' | 'row' | 'comma or end' = 'row or end';
  private readonly scanner: JsonScanner;
  /** The text of the row that the scanner is in. */
  private readonly text = new TextBlocks(MAX_ROW_BYTES);
  /** Whether the scanner is in a row, or has found its fault there. */
  private isInRow = false;
  private isArray = false;
  /** The number of cells that have begun in that row, and of needed cells that have ended. */
  private cells = 0;
  private placed = 0;
  /** The index of the text's first byte, relative to the current chunk. */
  private origin = 0;
  /** The part [from, to) of the current chunk that is in the kernel's memory. Others use that memory between two pushes. */
  private window = { from: 0, to: 0 };

  /**
   * @param shape undefined if the rows are only checked to be JSON
   * @param expectedRows estimates the number of rows from the mean length of a row and the rows so far; 0 if it is unknown
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
          else {
            const place = this.places[this.placed];
            if (place?.column === this.cells) place.start = index - this.origin;
            this.cells++;
          }
          return false;
        },
        end: (depth, index) => {
          const place = this.places[this.placed];
          if (depth === ROWS_DEPTH || place?.column !== this.cells - 1) return;
          place.end = index - this.origin;
          this.placed++;
        },
        key: () => undefined,
      },
      ROWS_DEPTH + 1,
      ROWS_DEPTH,
      ROWS_DEPTH + 1,
    );
    const indices = shape?.indices ?? [];
    this.places = indices
      .map((column, target) => ({ column, target, start: 0, end: 0 }))
      .sort((a, b) => a.column - b.column);
    this.needed = Int32Array.from([...this.places.flatMap(({ column, target }) => [column, target]), -1]);
    this.stride = Math.floor(kernel.columns.length / indices.length);
  }

  /** The columns, cut to the number of rows. */
  get result(): Float64Array[] {
    if (this.columns.length === 0) this.reserve(0);
    return this.columns.map((column) => {
      if (!isShort(this.rows * column.BYTES_PER_ELEMENT)) return column.subarray(0, this.rows);
      // A short view would keep the whole column in memory.
      const rows = column.slice(0, this.rows);
      free(column);
      return rows;
    });
  }

  /** The path of the row that began last, and of its last cell if it is an array that has not ended. */
  get place(): string {
    const row = `scalar.data[${this.isInRow ? this.rows : Math.max(this.rows - 1, 0)}]`;
    return this.isInRow && this.isArray && this.cells > 0 ? `${row}[${this.cells - 1}]` : row;
  }

  /** @returns the index up to which bytes were taken: `to`, the end of the array, or the fault of malformed JSON */
  push(bytes: Uint8Array, from: number, to: number): number {
    this.window = { from: 0, to: 0 };
    let i = from;
    while (i < to && !this.isDone && this.malformed === undefined) {
      if (!this.scanner.isFresh) i = this.scanRow(bytes, i, to);
      else {
        i = this.takeWholeRows(bytes, i, to);
        i = this.betweenRows(bytes, i, to);
      }
    }
    return i;
  }

  /** Frees the memory of the rows at once. */
  release(): void {
    for (const column of this.columns) free(column);
    this.columns = [];
    this.text.drop();
  }

  /** Whether samples are needed. Otherwise the rows are only checked to be JSON. */
  private get isNeeded(): boolean {
    return this.shape !== undefined && this.fault === undefined;
  }

  private takeWholeRows(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    for (;;) {
      if (i < this.window.from || i >= this.window.to) this.load(bytes, i, to);
      const rows = this.callKernel(i);
      if (rows > 0) {
        const taken = this.window.from + this.kernel.taken.value - i;
        if (this.isNeeded) this.append(rows, taken / rows);
        else this.rows += rows;
        this.expects = 'comma or end';
        i += taken;
      } else if (this.window.to < to && i > this.window.from) {
        // The row may be complete, and only the window ends inside it.
        this.load(bytes, i, to);
      } else return i;
    }
  }

  private load(bytes: Uint8Array, from: number, limit: number): void {
    const { kernel } = this;
    const to = Math.min(limit, from + kernel.INPUT_BYTES.value);
    kernel.input.set(bytes.subarray(from, to));
    kernel.input.fill(0, to - from, to - from + 64);
    kernel.needed.set(this.needed);
    this.window = { from, to };
  }

  /** @returns the number of rows that it took from the index on */
  private callKernel(index: number): number {
    const { kernel, shape, window } = this;
    const [from, to] = [index - window.from, window.to - window.from];
    const afterRow = this.expects === 'comma or end' ? 1 : 0;
    return shape !== undefined && this.isNeeded
      ? kernel.readRows(from, to, afterRow, shape.width, shape.indices.length)
      : kernel.skipRows(from, to, afterRow);
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

  /** Makes room for the rows, at least twice as much as before. Pages that are never written take no memory. */
  private reserve(rows: number): void {
    this.capacity = Math.max(Math.min(rows, MAX_EXPECTED_ROWS), this.capacity * 2);
    this.columns = (this.shape as RowShape).indices.map((_, c) => {
      const larger = new Float64Array(this.capacity);
      const column = this.columns[c];
      if (column !== undefined) {
        larger.set(column.subarray(0, this.rows));
        free(column);
      }
      return larger;
    });
  }

  /** Takes the bytes before a row and begins it, or ends the array. */
  private betweenRows(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    for (; i < to; i++) {
      const byte = bytes[i] as number;
      if (isSpace(byte)) continue;
      if (byte === CLOSE_ARRAY && this.expects !== 'row') {
        this.isDone = true;
        return i + 1;
      }
      if (this.expects !== 'comma or end') return this.beginRow(bytes, i, to);
      if (byte !== COMMA) {
        this.malformed = unexpected(byte, i);
        return i;
      }
      this.expects = 'row';
    }
    return i;
  }

  private beginRow(bytes: Uint8Array, from: number, to: number): number {
    this.text.clear();
    this.isInRow = true;
    this.cells = 0;
    this.placed = 0;
    return this.scanRow(bytes, from, to);
  }

  private scanRow(bytes: Uint8Array, from: number, to: number): number {
    // Places are relative to the beginning of the text, which may be in an earlier chunk.
    this.origin = from - this.text.bytes;
    const i = this.scanner.scan(bytes, from, to);
    this.malformed = this.scanner.fault;
    if (this.isNeeded) this.text.append(bytes, from, i);
    if (this.scanner.isDone) {
      this.endRow();
      this.scanner.reset();
    }
    return i;
  }

  private endRow(): void {
    this.isInRow = false;
    this.expects = 'comma or end';
    if (this.shape === undefined || this.fault !== undefined) {
      this.rows++;
      return;
    }
    this.fault = this.readRow(this.shape.width);
    if (this.fault === undefined) this.append(1, this.text.bytes);
    else {
      this.rows++;
      this.release();
    }
  }

  /** Decodes the needed cells of the complete row into the kernel's columns. */
  private readRow(width: number): RowFault | undefined {
    const row = this.rows;
    if (this.text.isTooLong) return { row, tooLong: true };
    const text = this.text.toBuffer();
    if (!this.isArray) return { row, notAnArray: describeText(text) };
    if (this.cells !== width) return { row, length: this.cells };
    for (const { column, target, start, end } of this.places) {
      const cell = text.subarray(start, end);
      const value = sampleIn(cell);
      if (value === undefined || (Number.isNaN(value) && target === 0))
        return { row, cell: { column, found: describeText(cell) } };
      this.kernel.columns[target * this.stride] = value;
    }
    return undefined;
  }
}

/** The sample in a cell's text, NaN if it is missing; undefined if the cell is not a sample. */
function sampleIn(cell: Buffer): number | undefined {
  if (isMissing(cell)) return NaN;
  const value = NUMBER.includes(cell[0] as number) ? Number(cell.toString()) : Infinity;
  return Number.isFinite(value) ? value : undefined;
}

/** Whether a cell's text is null, NaN or a string that is NaN after unescaping. */
function isMissing(cell: Buffer): boolean {
  if (cell.length > ESCAPED_NAN_BYTES) return false;
  const text = cell.toString();
  return text === 'null' || text === 'NaN' || (text.startsWith('"') && JSON.parse(text) === 'NaN');
}

/** The length of "NaN" with each of its letters escaped. */
const ESCAPED_NAN_BYTES = 20;
