import { turns } from '../turns.js';

/** At a few nanoseconds per row, a column operation takes a fraction of a millisecond for this many rows. */
const ROWS_A_SLICE = 1 << 16;

/** A column up to this length takes less time than to wait for a turn of the event loop. */
const SHORT_ROWS = 1 << 10;

/**
 * Runs work over the rows [0, length) in slices and yields to the event loop in between, so that long columns delay no probe.
 * @param work handles the rows [start, end)
 * @param cost the number of input rows that the work reads per row
 */
export async function inSlices(length: number, work: (start: number, end: number) => void, cost = 1): Promise<void> {
  // At least 1, whatever the cost: slices of 0 rows would never end, and NaN would end after the first slice.
  const rows = Math.max(1, Math.ceil(ROWS_A_SLICE / cost) || 1);
  for (let start = 0; start < length; start += rows) {
    if (length > SHORT_ROWS && !turns.hasTime) await turns.next(true);
    work(start, Math.min(start + rows, length));
  }
}
