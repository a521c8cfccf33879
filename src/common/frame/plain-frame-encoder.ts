import { type Frame, type Missing } from './frame.js';

const ROWS_A_PIECE = 1024;

/** Encodes a frame number by number. Tests compare the kernel's encoder with it byte for byte. */
export function* encodeFramePlain(frame: Frame, missing: Missing): Generator<Uint8Array> {
  const columns = [...frame.columns.values()];
  yield Buffer.from(`{"headers":${JSON.stringify(frame.headers)},"data":[`);
  for (let start = 0; start < frame.length; start += ROWS_A_PIECE) {
    const rows = Array.from({ length: Math.min(ROWS_A_PIECE, frame.length - start) }, (_, r) => {
      const cells = columns.map((column) => numberText(column[start + r] as number, missing));
      return `[${cells.join()}]`;
    });
    yield Buffer.from(`${start === 0 ? '' : ','}${rows.join()}`);
  }
  yield Buffer.from(']}');
}

/** A number as JSON.stringify writes it, with `.0` if needed: some parsers take it for an integer otherwise. */
function numberText(value: number, missing: Missing): string {
  if (Number.isNaN(value)) return missing;
  const text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
