// The whole layout of the kernel's memory. Nothing in it outlives a call: who calls copies in and out.

/** The bytes of a chunk, then SENTINEL_BYTES zeros: no JSON goes on with a zero, so that reading stops there by itself. */
export const INPUT_BYTES: i32 = 1 << 16;
export const SENTINEL_BYTES: i32 = 64;
export const INPUT: usize = memory.data(INPUT_BYTES + SENTINEL_BYTES, 16);

/** Columns of doubles one after the other: what was read, or what is to be written. */
export const COLUMN_VALUES: i32 = 1 << 16;
export const COLUMNS: usize = memory.data(COLUMN_VALUES * 8, 16);

/** For each needed column, ascending by its index in a row: i32 that index, i32 which of COLUMNS it fills. */
export const MAX_COLUMNS: i32 = 1024;
export const NEEDED: usize = memory.data(MAX_COLUMNS * 8, 16);

/** The 128 highest bits of 10^q for q from MIN_POWER to MAX_POWER, rounded down: u64 low, u64 high. */
export const MIN_POWER: i32 = -342;
export const MAX_POWER: i32 = 308;
export const POWERS: usize = memory.data((MAX_POWER - MIN_POWER + 1) * 16, 16);

/** The containers that are open within a value: the first byte of each. */
export const PUBLIC: usize = memory.data(512);

/** The text that is written. */
export const OUTPUT_BYTES: i32 = 1 << 16;
/** The longest double of ECMAScript has 24 characters, which xjb-as writes as UTF-16 with room to spare. */
export const NUMBER_BYTES: i32 = 128;
export const OUTPUT: usize = memory.data(OUTPUT_BYTES + NUMBER_BYTES, 16);
