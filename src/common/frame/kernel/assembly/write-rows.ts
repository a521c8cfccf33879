import { dtoa_buffered } from 'xjb-as';
import { COLUMNS, NUMBER_BYTES, OUTPUT, OUTPUT_BYTES } from './memory';

/** The length of the text that writeRows has written, in bytes. */
export let written: i32 = 0;

const NULL: u32 = 0x6c6c756e;

/**
 * Writes rows of COLUMNS, each as `[a,b]` with a comma before it unless it is the very first, as JSON.stringify would; NaN
 * becomes null. It stops where the output is nearly full.
 * @param stride the distance of two columns, in values
 * @returns the row before which it stopped; sets `written`
 */
export function writeRows(from: i32, to: i32, columns: i32, stride: i32, first: bool): i32 {
  const full = OUTPUT + OUTPUT_BYTES - columns * NUMBER_BYTES;
  let p = OUTPUT;
  let row = from;
  for (; row < to && p < full; row++) {
    if (!first) store<u8>(p++, 0x2c);
    first = false;
    store<u8>(p++, 0x5b);
    for (let column = 0; column < columns; column++) {
      if (column > 0) store<u8>(p++, 0x2c);
      p = writeDouble(p, load<f64>(COLUMNS + ((<usize>(column * stride + row)) << 3)));
    }
    store<u8>(p++, 0x5d);
  }
  written = <i32>(p - OUTPUT);
  return row;
}

/** @returns the end of what is written at p */
function writeDouble(p: usize, value: f64): usize {
  if (value != value) {
    store<u32>(p, NULL);
    return p + 4;
  }
  const length = dtoa_buffered(p, value);
  narrow(p, length);
  return p + length;
}

/** Makes bytes of UTF-16 in place: 16 characters at a time, of which each is ASCII. */
function narrow(p: usize, length: i32): void {
  const first = i8x16.narrow_i16x8_u(v128.load(p), v128.load(p, 16));
  const second = i8x16.narrow_i16x8_u(v128.load(p, 32), v128.load(p, 48));
  v128.store(p, first);
  v128.store(p, second, 16);
}
