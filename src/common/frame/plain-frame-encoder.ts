import { type Frame } from './frame.js';

const ROWS_A_PIECE = 1024;

/** Writes a frame over `JSON.stringify`; the kernel's encoder is held against it byte for byte. */
export function* encodeFramePlain(frame: Frame): Generator<Uint8Array> {
  const columns = [...frame.columns.values()];
  yield Buffer.from(`{"headers":${JSON.stringify(frame.headers)},"data":[`);
  for (let start = 0; start < frame.length; start += ROWS_A_PIECE) {
    const rows = Array.from({ length: Math.min(ROWS_A_PIECE, frame.length - start) }, (_, r) =>
      columns.map((column) => column[start + r]),
    );
    const text = JSON.stringify(rows).slice(1, -1);
    yield Buffer.from(start === 0 ? text : `,${text}`);
  }
  yield Buffer.from(']}');
}
