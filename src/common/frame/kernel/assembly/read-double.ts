import { MAX_POWER, MIN_POWER, POWERS } from "./memory";

/** JavaScript's Number() of the bytes [start, end), for decimals that the algorithms below do not decide. */
// @ts-ignore: decorator
@external("host", "readDouble")
declare function readByHost(start: usize, end: usize): f64;

/** 19 digits always fit into 64 bits. */
const MAX_DIGITS: i32 = 19;
const MAX_EXACT_MANTISSA: u64 = 1 << 53;

/** The end of the number that was read last; 0 if there was none. */
export let numberEnd: usize = 0;

/** 10^0 to 10^22, which doubles represent exactly. */
const EXACT_POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
];
const MAX_EXACT_POWER: i32 = 22;

// @ts-ignore: decorator
@inline
function digitAt(p: usize): u32 {
  return <u32>load<u8>(p) - 0x30;
}

/** Whether eight bytes are digits: each has a high nibble of 3, and still has it after adding 6. */
// @ts-ignore: decorator
@inline
function areDigits(eight: u64): bool {
  return ((eight & 0xf0f0f0f0f0f0f0f0) | (((eight + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) == 0x3333333333333333;
}

/** The value of eight digits, most significant first: pairs, then fours, then all of them. */
// @ts-ignore: decorator
@inline
function eightDigits(eight: u64): u64 {
  const digits = eight - 0x3030303030303030;
  const pairs = digits * 10 + (digits >> 8);
  const high = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const low = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (high + low) >> 32;
}

// @ts-ignore: decorator
@inline
function areFourDigits(four: u32): bool {
  return ((four & 0xf0f0f0f0) | (((four + 0x06060606) & 0xf0f0f0f0) >> 4)) == 0x33333333;
}

// @ts-ignore: decorator
@inline
function fourDigits(four: u32): u64 {
  const digits = four - 0x30303030;
  const pairs = digits * 10 + (digits >> 8);
  return <u64>((pairs & 0xff) * 100 + ((pairs >> 16) & 0xff));
}

/** The end of the digits that were read last. */
let digitsEnd: usize = 0;

/** Appends the digits at p to those of the mantissa, eight, four and one at a time. Sets digitsEnd. */
// @ts-ignore: decorator
@inline
function readDigits(p: usize, mantissa: u64): u64 {
  let eight = load<u64>(p);
  while (areDigits(eight)) {
    mantissa = mantissa * 100000000 + eightDigits(eight);
    p += 8;
    eight = load<u64>(p);
  }
  if (areFourDigits(<u32>eight)) {
    mantissa = mantissa * 10000 + fourDigits(<u32>eight);
    p += 4;
  }
  for (let digit = digitAt(p); digit <= 9; digit = digitAt(++p)) mantissa = mantissa * 10 + digit;
  digitsEnd = p;
  return mantissa;
}

/**
 * Reads the number at p (RFC 8259, section 6) as the nearest double, or as an infinity if it is past the largest.
 * Sets numberEnd.
 */
export function readDouble(p: usize): f64 {
  const start = p;
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;

  let mantissa: u64 = 0;
  const first = digitAt(p);
  if (first > 9) return noNumber();
  const integer = p;
  if (first == 0) {
    p++;
    if (digitAt(p) <= 9) return noNumber();
  } else {
    mantissa = readDigits(p, 0);
    p = digitsEnd;
  }
  let digits = <i32>(p - integer);
  let power = 0;

  if (load<u8>(p) == 0x2e) {
    const fraction = ++p;
    mantissa = readDigits(p, mantissa);
    p = digitsEnd;
    if (p == fraction) return noNumber();
    power = -(<i32>(p - fraction));
    digits -= power;
  }

  if ((load<u8>(p) | 0x20) == 0x65) {
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    const exponent = p;
    let value = 0;
    for (let digit = digitAt(p); digit <= 9; digit = digitAt(++p)) {
      // Larger exponents are past any double. The bound keeps the integer from overflowing.
      if (value < 100000) value = value * 10 + <i32>digit;
    }
    if (p == exponent) return noNumber();
    power += sign == 0x2d ? -value : value;
  }

  numberEnd = p;
  if (digits > MAX_DIGITS) return readByHost(start, p);
  const magnitude = nearest(mantissa, power);
  if (magnitude < 0) return readByHost(start, p);
  return negative ? -magnitude : magnitude;
}

function noNumber(): f64 {
  numberEnd = 0;
  return 0;
}

/** The double that is nearest to mantissa x 10^power, or -1 if this function cannot tell. */
function nearest(mantissa: u64, power: i32): f64 {
  // Both are exact, so the operation rounds only once (W. D. Clinger, How to read floating point numbers accurately, 1990).
  if (mantissa <= MAX_EXACT_MANTISSA && power >= -MAX_EXACT_POWER && power <= MAX_EXACT_POWER) {
    const exact = <f64>mantissa;
    return power < 0
      ? exact / unchecked(EXACT_POWERS[-power])
      : exact * unchecked(EXACT_POWERS[power]);
  }
  // The mantissa is below 10^19, so the number is below half of the smallest double, or past the largest.
  if (mantissa == 0 || power < MIN_POWER) return 0;
  if (power > MAX_POWER) return Infinity;
  return eiselLemire(mantissa, power);
}

/** The high half of the product of two 64-bit integers; productLow gets the low half. */
let productLow: u64 = 0;
function multiply(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const lowLow = aLow * bLow;
  const middle = aHigh * bLow + (lowLow >> 32);
  const carry = aLow * bHigh + (middle & 0xffffffff);
  productLow = (carry << 32) | (lowLow & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (carry >> 32);
}

/**
 * D. Lemire, Number Parsing at a Gigabyte per Second, arXiv 2101.11408, section 5, in the form of M. Eisel. It returns -1 for
 * halfway cases, subnormals and overflows.
 */
function eiselLemire(mantissa: u64, power: i32): f64 {
  const entry = POWERS + (<usize>(power - MIN_POWER) << 4);

  const shift = clz(mantissa);
  const normalized = mantissa << shift;
  // 217706 / 2^16 approximates the binary logarithm of 10, closely enough for all these powers.
  let exponent: i64 = <i64>((217706 * power) >> 16) + 64 + 1023 - <i64>shift;

  let high = multiply(normalized, load<u64>(entry, 8));
  let low = productLow;
  if ((high & 0x1ff) == 0x1ff && low + normalized < normalized) {
    const moreHigh = multiply(normalized, load<u64>(entry));
    const merged = low + moreHigh;
    if (merged < low) high++;
    if ((high & 0x1ff) == 0x1ff && merged + 1 == 0 && productLow + normalized < normalized) return -1;
    low = merged;
  }

  const top = high >> 63;
  let significand = high >> (top + 9);
  exponent -= <i64>(1 ^ top);
  if (low == 0 && (high & 0x1ff) == 0 && (significand & 3) == 1) return -1;
  significand = (significand + (significand & 1)) >> 1;
  if (significand >> 53 > 0) {
    significand >>= 1;
    exponent++;
  }
  if (exponent < 1 || exponent > 2046) return -1;
  return reinterpret<f64>((<u64>exponent << 52) | (significand & 0x000fffffffffffff));
}
