import { COLUMN_VALUES, COLUMNS, INPUT, NEEDED } from './memory';
import { numberEnd, readDouble } from './read-double';
import { missingLength, quotedNaNLength, skipSpace, skipValue } from './skip-value';

/** The end of the rows that were taken last, as an index in the input. */
export let taken: i32 = 0;

const COMMA: u8 = 0x2c;
const OPEN_ARRAY: u8 = 0x5b;
const CLOSE_ARRAY: u8 = 0x5d;

/** How many of the 512 containers may still be opened: a row is inside three (the body, `scalar`, `data`), a cell inside four. */
const ROOM_OF_ROW: i32 = 509;
const ROOM_OF_CELL: i32 = 508;

/** The end of the cell that was read last; 0 if it was not a sample. */
let cellEnd: usize = 0;

/**
 * Reads complete rows without faults: arrays of `width` cells with a number, null, NaN or "NaN" in each needed column (in that of
 * the date, the first needed one, only a number) and any JSON in the others. It stops before any other row without an error.
 * @param from the index in the input of the first byte to read
 * @param to the end of the input
 * @param afterRow whether a row precedes, so that a comma comes first
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

/** The same for rows that are not needed: any JSON values, with a bare NaN allowed as a cell. */
export function skipRows(from: i32, to: i32, afterRow: bool): i32 {
  let p: usize = INPUT + from;
  let rows = 0;
  taken = from;
  for (;;) {
    p = beginRow(p, afterRow);
    if (p == 0) break;
    p = skipValue(p, ROOM_OF_ROW, true);
    // A number may continue after the end of the input.
    if (p == 0 || p >= INPUT + to) break;
    rows++;
    afterRow = true;
    taken = <i32>(p - INPUT);
  }
  return rows;
}

/** @returns the first byte of the next row, or 0 if the comma before it is missing */
// @ts-ignore: decorator
@inline
function beginRow(p: usize, afterRow: bool): usize {
  p = skipSpace(p);
  if (!afterRow) return p;
  return load<u8>(p) == COMMA ? skipSpace(p + 1) : 0;
}

/** @returns the end of the row at p, or 0 if it is incomplete or faulty */
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
      // A number past the largest double is a fault, which RowDecoder reports.
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

/** A number, or NaN for a missing sample. Sets cellEnd. */
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

/** @returns the end of a cell that is not needed, or 0 if it is incomplete or faulty */
// @ts-ignore: decorator
@inline
function skipCell(p: usize): usize {
  const length = missingLength(p);
  return length == 0 ? skipValue(p, ROOM_OF_CELL, false) : p + length;
}
