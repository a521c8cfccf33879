import { dtoa_buffered } from 'xjb-as';
import { COLUMNS, NUMBER_BYTES, OUTPUT, OUTPUT_BYTES } from './memory';

/** The number of bytes that writeRows has written. */
export let written: i32 = 0;

/** "null" and "NaN" as bytes of a little-endian word, and ".0". */
const NULL: u32 = 0x6c6c756e;
const NAN: u32 = 0x004e614e;
const POINT_ZERO: u16 = 0x302e;

/**
 * Writes rows of COLUMNS, each as `[a,b]`, with a comma before each but the very first. Numbers are written as by JSON.stringify,
 * with .0 after digits alone. A missing sample is written as null or NaN. It stops when the output is nearly full.
 * @param stride the distance between two columns, in values
 * @returns the row before which it stopped; sets `written`
 */
export function writeRows(from: i32, to: i32, columns: i32, stride: i32, first: bool, asNaN: bool): i32 {
  const full = OUTPUT + OUTPUT_BYTES - columns * NUMBER_BYTES;
  let p = OUTPUT;
  let row = from;
  for (; row < to && p < full; row++) {
    if (!first) store<u8>(p++, 0x2c);
    first = false;
    store<u8>(p++, 0x5b);
    for (let column = 0; column < columns; column++) {
      if (column > 0) store<u8>(p++, 0x2c);
      p = writeDouble(p, load<f64>(COLUMNS + ((<usize>(column * stride + row)) << 3)), asNaN);
    }
    store<u8>(p++, 0x5d);
  }
  written = <i32>(p - OUTPUT);
  return row;
}

const MINUS: u8 = 0x2d;

/** Integers below this have at most sixteen digits, which are written eight at a time. */
const MAX_INTEGER: f64 = 1e16;
const EIGHT_ZEROS: u64 = 0x3030303030303030;

/** @returns the end of the written text */
function writeInteger(p: usize, value: u64): usize {
  if (value < 100000000) return writeLeading(p, value);
  const leading = value / 100000000;
  p = writeLeading(p, leading);
  store<u64>(p, eightDigits(value - leading * 100000000) + EIGHT_ZEROS);
  return p + 8;
}

/** Writes a number below 10^8 without leading zeros. */
// @ts-ignore: decorator
@inline
function writeLeading(p: usize, value: u64): usize {
  const digits = eightDigits(value);
  const zeros = digits == 0 ? 7 : ctz(digits) >> 3;
  store<u64>(p, (digits + EIGHT_ZEROS) >> (zeros << 3));
  return p + <usize>(8 - zeros);
}

/**
 * The eight digits of a number below 10^8 as bytes, the first one lowest. The number is split into halves, quarters and digits;
 * each time, one multiplication divides all parts (P. Khuong, How to print integers really fast, 2017).
 */
// @ts-ignore: decorator
@inline
function eightDigits(value: u64): u64 {
  const half = value / 10000;
  const halves = half | ((value - half * 10000) << 32);
  const hundreds = ((halves * 10486) >> 20) & 0x0000007f0000007f;
  const quarters = ((halves - hundreds * 100) << 16) + hundreds;
  const tens = ((quarters * 103) >> 10) & 0x000f000f000f000f;
  return tens + ((quarters - tens * 10) << 8);
}

/** From this magnitude on, JSON.stringify writes an exponent. */
const MIN_EXPONENTIAL: f64 = 1e21;

/** @returns the end of the written text */
function writeDouble(p: usize, value: f64, asNaN: bool): usize {
  if (value != value) {
    store<u32>(p, asNaN ? NAN : NULL);
    return p + (asNaN ? 3 : 4);
  }
  const magnitude = abs(value);
  if (magnitude < MAX_INTEGER) {
    const integer = <u64>magnitude;
    if (<f64>integer == magnitude) {
      // The sign bit, since negative zero has a sign too.
      const negative = reinterpret<i64>(value) < 0;
      store<u8>(p, MINUS);
      return writePointZero(writeInteger(p + usize(negative), integer));
    }
  }
  const length = dtoa_buffered(p, value);
  narrow(p, length);
  p += length;
  return magnitude >= MAX_INTEGER && magnitude < MIN_EXPONENTIAL ? writePointZero(p) : p;
}

// @ts-ignore: decorator
@inline
function writePointZero(p: usize): usize {
  store<u16>(p, POINT_ZERO);
  return p + 2;
}

/** Converts ASCII text from UTF-16 to bytes in place, 16 characters at a time. */
function narrow(p: usize, length: i32): void {
  const first = i8x16.narrow_i16x8_u(v128.load(p), v128.load(p, 16));
  const second = i8x16.narrow_i16x8_u(v128.load(p, 32), v128.load(p, 48));
  v128.store(p, first);
  v128.store(p, second, 16);
}
