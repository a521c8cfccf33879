import { COLUMN_VALUES, COLUMNS, INPUT, NEEDED } from './memory';
import { numberEnd, readDouble } from './read-double';
import { missingLength, quotedNaNLength, skipSpace, skipValue } from './skip-value';

/** Where the rows that were taken last end, as an index of the input. */
export let taken: i32 = 0;

const COMMA: u8 = 0x2c;
const OPEN_ARRAY: u8 = 0x5b;
const CLOSE_ARRAY: u8 = 0x5d;

/** A body may have 512 containers open: the body, `scalar` and `data` are so around a row, and the row itself around a cell. */
const ROOM_OF_ROW: i32 = 509;
const ROOM_OF_CELL: i32 = 508;

/** Where the cell that was read last ends; 0 where it was no sample. */
let cellEnd: usize = 0;

/**
 * Reads as many rows as are whole and without fault: arrays of `width` cells with a number, null, NaN or "NaN" in each needed
 * column (a number in the first of them, the date) and any JSON in the others. It stops before the first other row, and
 * says nothing about it.
 * @param from where in the input to begin
 * @param to where the input ends
 * @param afterRow whether a row stands before, so that a comma comes first
 * @param columns the number of needed columns
 * @returns the number of rows; sets `taken`
 */
export function readRows(from: i32, to: i32, afterRow: bool, width: i32, columns: i32): i32 {
  const capacity = COLUMN_VALUES / columns;
  let p: usize = INPUT + from;
  let rows = 0;
  taken = from;
  while (rows < capacity) {
    p = beginRow(p, afterRow);
    if (p == 0) break;
    p = readRow(p, rows, width, capacity);
    if (p == 0 || p > INPUT + to) break;
    rows++;
    afterRow = true;
    taken = <i32>(p - INPUT);
  }
  return rows;
}

/** The same for rows of which nothing is needed: any JSON values, in which a bare NaN may stand as a cell. */
export function skipRows(from: i32, to: i32, afterRow: bool): i32 {
  let p: usize = INPUT + from;
  let rows = 0;
  taken = from;
  for (;;) {
    p = beginRow(p, afterRow);
    if (p == 0) break;
    p = skipValue(p, ROOM_OF_ROW, true);
    // A number may go on behind the end of the input.
    if (p == 0 || p >= INPUT + to) break;
    rows++;
    afterRow = true;
    taken = <i32>(p - INPUT);
  }
  return rows;
}

/** @returns the first byte of the row to come, or 0 where none does */
// @ts-ignore: decorator
@inline
function beginRow(p: usize, afterRow: bool): usize {
  p = skipSpace(p);
  if (!afterRow) return p;
  return load<u8>(p) == COMMA ? skipSpace(p + 1) : 0;
}

/** @returns the end of the row at p, or 0 where it is not whole or has a fault */
function readRow(p: usize, row: i32, width: i32, capacity: i32): usize {
  if (load<u8>(p) != OPEN_ARRAY) return 0;
  p++;
  let needed = NEEDED;
  let nextNeeded = load<i32>(needed);
  for (let column = 0; column < width; column++) {
    p = skipSpace(p);
    if (column == nextNeeded) {
      const target = load<i32>(needed, 4);
      const value = readSample(p, target > 0);
      // An infinity is beyond the largest double: a fault, which is not told here.
      if (cellEnd == 0 || abs(value) == Infinity) return 0;
      store<f64>(COLUMNS + (<usize>(target * capacity + row) << 3), value);
      needed += 8;
      nextNeeded = load<i32>(needed);
      p = cellEnd;
    } else {
      p = skipCell(p);
      if (p == 0) return 0;
    }
    p = skipSpace(p);
    if (load<u8>(p) != (column + 1 < width ? COMMA : CLOSE_ARRAY)) return 0;
    p++;
  }
  return p;
}

/** A number, or NaN for what stands for a missing sample. Sets cellEnd. */
// @ts-ignore: decorator
@inline
function readSample(p: usize, mayBeMissing: bool): f64 {
  const value = readDouble(p);
  cellEnd = numberEnd;
  if (numberEnd != 0 || !mayBeMissing) return value;
  let length = missingLength(p);
  if (length == 0) length = quotedNaNLength(p);
  if (length != 0) cellEnd = p + length;
  return NaN;
}

/** @returns the end of a cell of which nothing is needed, or 0 */
// @ts-ignore: decorator
@inline
function skipCell(p: usize): usize {
  const length = missingLength(p);
  return length == 0 ? skipValue(p, ROOM_OF_CELL, false) : p + length;
}
