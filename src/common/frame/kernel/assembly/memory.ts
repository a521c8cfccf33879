// The layout of the kernel's memory. All callers share it, so each copies its data in and out.

/** The bytes of a chunk, then SENTINEL_BYTES zeros. No JSON continues with a zero, so reading stops there by itself. */
export const INPUT_BYTES: i32 = 1 << 16;
export const SENTINEL_BYTES: i32 = 64;
export const INPUT: usize = memory.data(INPUT_BYTES + SENTINEL_BYTES, 16);

/** Columns of doubles, one after the other: those that were read, or those to be written. */
export const COLUMN_VALUES: i32 = 1 << 16;
export const COLUMNS: usize = memory.data(COLUMN_VALUES * 8, 16);

/** For each needed column, by ascending index in a row: i32 that index, i32 the index of the column of COLUMNS that it fills. */
export const MAX_COLUMNS: i32 = 1024;
export const NEEDED: usize = memory.data(MAX_COLUMNS * 8, 16);

/** The 128 highest bits of 10^q for q from MIN_POWER to MAX_POWER, rounded down: u64 low, u64 high. */
export const MIN_POWER: i32 = -342;
export const MAX_POWER: i32 = 308;
export const POWERS: usize = memory.data((MAX_POWER - MIN_POWER + 1) * 16, 16);

/** The first byte of each open container of a value. */
export const OPEN: usize = memory.data(512);

/** The text that writeRows writes. */
export const OUTPUT_BYTES: i32 = 1 << 16;
/** Room for a number. The longest double of ECMAScript has 24 characters, which xjb-as writes as UTF-16; the rest is spare. */
export const NUMBER_BYTES: i32 = 128;
export const OUTPUT: usize = memory.data(OUTPUT_BYTES + NUMBER_BYTES, 16);
