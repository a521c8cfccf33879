import { COLUMN_VALUES, COLUMNS, INPUT, NEEDED } from "./memory";
import { numberEnd, readDouble } from "./read-double";

/** The length of what readRows has taken of the input, in bytes. */
export let taken: i32 = 0;

/** "null" and "NaN" as the bytes of a little-endian word. */
const NULL: u32 = 0x6c6c756e;
const NAN: u32 = 0x004e614e;

const COMMA: u8 = 0x2c;
const QUOTE: u8 = 0x22;

/** Where the cell that was read last ends; 0 where it was not a plain one. */
let cellEnd: usize = 0;

// @ts-ignore: decorator
@inline
function skipSpace(p: usize): usize {
  let byte = load<u8>(p);
  if (byte > 0x20) return p;
  while (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09) byte = load<u8>(++p);
  return p;
}

/**
 * Reads as many rows as are whole and plain: arrays of `width` cells with a number, null or NaN in each needed column (a
 * number in the first of them, the date) and a number, literal or simple text in the others. It stops before the first
 * other row, and says nothing about it.
 * @param length of the input
 * @param afterRow whether a row stands before the input, so that a comma comes first
 * @param columns the number of needed columns
 * @returns the number of rows; sets `taken`
 */
export function readRows(length: i32, afterRow: bool, width: i32, columns: i32): i32 {
  const capacity = COLUMN_VALUES / columns;
  const end = INPUT + length;
  let p: usize = INPUT;
  let rows = 0;
  taken = 0;
  while (rows < capacity) {
    p = skipSpace(p);
    if (afterRow) {
      if (load<u8>(p) != COMMA) break;
      p = skipSpace(p + 1);
    }
    p = readRow(p, rows, width, capacity);
    if (p == 0 || p > end) break;
    rows++;
    afterRow = true;
    taken = <i32>(p - INPUT);
  }
  return rows;
}

/** @returns the end of the row at p, or 0 where it is not a plain and whole one */
function readRow(p: usize, row: i32, width: i32, capacity: i32): usize {
  if (load<u8>(p) != 0x5b) return 0;
  p++;
  let needed = NEEDED;
  let nextNeeded = load<i32>(needed);
  for (let column = 0; column < width; column++) {
    p = skipSpace(p);
    if (column == nextNeeded) {
      const target = load<i32>(needed, 4);
      const value = readSample(p, target > 0);
      // An infinity is past the largest double: a fault, which is not told here.
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
    if (load<u8>(p) != (column + 1 < width ? COMMA : 0x5d)) return 0;
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
  const length = missingLength(p);
  if (length != 0) cellEnd = p + length;
  return NaN;
}

// @ts-ignore: decorator
@inline
function missingLength(p: usize): usize {
  const word = load<u32>(p);
  return word == NULL ? 4 : (word & 0x00ffffff) == NAN ? 3 : 0;
}

/** @returns the end of the cell at p, or 0 where it is more than a number, null, NaN or text without escapes in ASCII */
function skipCell(p: usize): usize {
  if (load<u8>(p) == QUOTE) {
    let byte = load<u8>(++p);
    while (byte != QUOTE) {
      if (byte < 0x20 || byte >= 0x80 || byte == 0x5c) return 0;
      byte = load<u8>(++p);
    }
    return p + 1;
  }
  readDouble(p);
  if (numberEnd != 0) return numberEnd;
  const length = missingLength(p);
  return length == 0 ? 0 : p + length;
}
