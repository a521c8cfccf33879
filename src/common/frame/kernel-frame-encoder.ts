import { type Frame, type Missing } from './frame.js';
import { type Kernel } from './kernel/kernel.js';

/** Encodes a frame on the kernel, in pieces of nearly 64 KiB. */
export function* encodeFrameKernel(kernel: Kernel, frame: Frame, missing: Missing): Generator<Uint8Array> {
  const columns = [...frame.columns.values()];
  const stride = Math.floor(kernel.columns.length / columns.length);
  yield Buffer.from(`{"headers":${JSON.stringify(frame.headers)},"data":[`);
  let row = 0;
  while (row < frame.length) {
    const end = Math.min(row + ROWS_A_PIECE, frame.length);
    columns.forEach((column, c) => kernel.columns.set(column.subarray(row, Math.min(row + stride, end)), c * stride));
    const stopped = kernel.writeRows(
      0,
      Math.min(stride, end - row),
      columns.length,
      stride,
      row === 0 ? 1 : 0,
      missing === 'NaN' ? 1 : 0,
    );
    if (stopped === 0) throw new RangeError(`a row of ${columns.length} columns does not fit`);
    yield Buffer.from(kernel.output.subarray(0, kernel.written.value));
    row += stopped;
  }
  yield Buffer.from(']}');
}

/** More rows than fit into a piece: a row of two columns takes about 30 bytes, so 64 KiB hold about 2,000 of them. */
const ROWS_A_PIECE = 4096;
