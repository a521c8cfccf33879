import { turns } from '../turns.js';

/** Rows that a column operation of a few nanoseconds a row gets through in a fraction of a millisecond. */
const ROWS_A_SLICE = 1 << 16;

/** What is no longer takes less time than its turn of the event loop. */
const SHORT_ROWS = 1 << 10;

/**
 * Runs work over the rows [0, length) slice by slice and gives the event loop back in between, so that long columns
 * hold up nobody's probe.
 * @param work handles the rows [start, end)
 */
export async function inSlices(length: number, work: (start: number, end: number) => void): Promise<void> {
  for (let start = 0; start < length; start += ROWS_A_SLICE) {
    if (length > SHORT_ROWS && !turns.hasTime) await turns.next(true);
    work(start, Math.min(start + ROWS_A_SLICE, length));
  }
}
