import { OPEN } from './memory';

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const MINUS: u8 = 0x2d;
const DOT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const COLON: u8 = 0x3a;
const OPEN_ARRAY: u8 = 0x5b;
const BACKSLASH: u8 = 0x5c;
const OPEN_OBJECT: u8 = 0x7b;
/** The distance in ASCII from an opening bracket or brace to the closing one. */
const TO_CLOSING: u8 = 2;

/** "null", "true", "alse" and "NaN" as bytes of a little-endian word. */
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const NAN: u32 = 0x004e614e;
/** `"NaN` and `\u00`, the beginning of an escaped ASCII character, as bytes of a little-endian word. */
const QUOTED_NAN: u32 = 0x4e614e22;
const ESCAPE_00: u32 = 0x3030755c;

// @ts-ignore: decorator
@inline
export function skipSpace(p: usize): usize {
  let byte = load<u8>(p);
  if (byte > 0x20) return p;
  while (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09) byte = load<u8>(++p);
  return p;
}

/** @returns the length of the null or NaN at p, or 0 */
// @ts-ignore: decorator
@inline
export function missingLength(p: usize): usize {
  const word = load<u32>(p);
  return word == NULL ? 4 : (word & 0x00ffffff) == NAN ? 3 : 0;
}

/** @returns the length of the string at p if it is NaN after unescaping, or 0 */
// @ts-ignore: decorator
@inline
export function quotedNaNLength(p: usize): usize {
  if (load<u32>(p) == QUOTED_NAN && load<u8>(p, 4) == QUOTE) return 5;
  return load<u8>(p) == QUOTE ? escapedNaNLength(p) : 0;
}

function escapedNaNLength(start: usize): usize {
  let p = skipLetter(start + 1, 0x4e, 0x34, 0x65);
  if (p != 0) p = skipLetter(p, 0x61, 0x36, 0x31);
  if (p != 0) p = skipLetter(p, 0x4e, 0x34, 0x65);
  return p != 0 && load<u8>(p) == QUOTE ? p + 1 - start : 0;
}

/** @returns the end of the letter at p, plain or escaped with these two hexadecimal digits, or 0 */
function skipLetter(p: usize, letter: u8, high: u8, low: u8): usize {
  if (load<u8>(p) == letter) return p + 1;
  const isEscaped =
    load<u32>(p) == ESCAPE_00 && load<u8>(p, 4) == high && (load<u8>(p, 5) | 0x20) == (low | 0x20);
  return isEscaped ? p + 6 : 0;
}

/**
 * Checks the JSON value at p (RFC 8259; UTF-8 by table 3-7 of Unicode).
 * @param room how many containers may still be opened
 * @param nanInArray whether an element of the value may be a bare NaN, if the value is an array
 * @returns the end of the value, or 0 if it is incomplete or not valid
 */
export function skipValue(p: usize, room: i32, nanInArray: bool): usize {
  let depth = 0;
  while (p != 0) {
    const first = load<u8>(p);
    if (first == OPEN_ARRAY || first == OPEN_OBJECT) {
      if (depth == room) return 0;
      store<u8>(OPEN + depth++, first);
      p = skipSpace(p + 1);
      if (load<u8>(p) != first + TO_CLOSING) {
        if (first == OPEN_OBJECT) p = skipKey(p);
        continue;
      }
    } else {
      const isNaN = nanInArray && depth == 1 && load<u8>(OPEN) == OPEN_ARRAY && (load<u32>(p) & 0x00ffffff) == NAN;
      p = isNaN ? p + 3 : skipScalar(p);
      if (p == 0 || depth == 0) return p;
    }
    // A value has ended, or an empty container is about to end.
    for (;;) {
      p = skipSpace(p);
      const open = load<u8>(OPEN + depth - 1);
      const byte = load<u8>(p++);
      if (byte == open + TO_CLOSING) {
        if (--depth == 0) return p;
      } else if (byte == COMMA) {
        p = skipSpace(p);
        if (open == OPEN_OBJECT) p = skipKey(p);
        break;
      } else return 0;
    }
  }
  return 0;
}

/** @returns the start of the value that follows the key at p, or 0 */
function skipKey(p: usize): usize {
  if (load<u8>(p) != QUOTE) return 0;
  p = skipString(p);
  if (p == 0) return 0;
  p = skipSpace(p);
  return load<u8>(p) == COLON ? skipSpace(p + 1) : 0;
}

/** @returns the end of the string, number or literal at p, or 0 */
function skipScalar(p: usize): usize {
  const first = load<u8>(p);
  if (first == QUOTE) return skipString(p);
  if (first == MINUS || isDigit(first)) return skipNumber(p);
  const word = load<u32>(p);
  if (word == NULL || word == TRUE) return p + 4;
  return first == 0x66 && load<u32>(p + 1) == ALSE ? p + 5 : 0;
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u8): bool {
  return <u32>byte - 0x30 <= 9;
}

function skipDigits(p: usize): usize {
  while (isDigit(load<u8>(p))) p++;
  return p;
}

function skipNumber(p: usize): usize {
  if (load<u8>(p) == MINUS) p++;
  const first = load<u8>(p);
  if (!isDigit(first)) return 0;
  p = first == ZERO ? p + 1 : skipDigits(p);
  if (load<u8>(p) == DOT) {
    const fraction = p + 1;
    p = skipDigits(fraction);
    if (p == fraction) return 0;
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2b || sign == MINUS) p++;
    const exponent = p;
    p = skipDigits(exponent);
    if (p == exponent) return 0;
  }
  return p;
}

function skipString(p: usize): usize {
  p++;
  while (p != 0) {
    const byte = load<u8>(p);
    if (byte == QUOTE) return p + 1;
    if (byte < 0x20) return 0;
    if (byte == BACKSLASH) p = skipEscape(p + 1);
    else if (byte < 0x80) p++;
    else p = skipSequence(p);
  }
  return 0;
}

/** @param p after the backslash */
function skipEscape(p: usize): usize {
  switch (load<u8>(p)) {
    case 0x22: // "
    case 0x2f: // /
    case 0x5c: // \
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return p + 1;
    case 0x75: // u
      for (let i: usize = 1; i <= 4; i++) {
        const byte = load<u8>(p + i);
        const letter = byte | 0x20;
        if (!isDigit(byte) && (letter < 0x61 || letter > 0x66)) return 0;
      }
      return p + 5;
    default:
      return 0;
  }
}

/** Skips a character outside ASCII. Its first byte determines its length and the bounds of the second byte. */
function skipSequence(p: usize): usize {
  const first = load<u8>(p);
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = load<u8>(p + 1);
  const low: u8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const high: u8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  if (first < 0xe0) return p + 2;
  if ((load<u8>(p + 2) & 0xc0) != 0x80) return 0;
  if (first < 0xf0) return p + 3;
  return (load<u8>(p + 3) & 0xc0) == 0x80 ? p + 4 : 0;
}
