import { readFileSync } from 'node:fs';

/** The exports of the WebAssembly module. Constants of its source are globals. Addresses are byte offsets in `memory`. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly INPUT: WebAssembly.Global;
  readonly INPUT_BYTES: WebAssembly.Global;
  readonly COLUMNS: WebAssembly.Global;
  readonly COLUMN_VALUES: WebAssembly.Global;
  readonly MAX_COLUMNS: WebAssembly.Global;
  readonly NEEDED: WebAssembly.Global;
  readonly MIN_POWER: WebAssembly.Global;
  readonly MAX_POWER: WebAssembly.Global;
  readonly POWERS: WebAssembly.Global;
  readonly OUTPUT: WebAssembly.Global;
  readonly taken: WebAssembly.Global;
  readonly written: WebAssembly.Global;
  readRows(from: number, to: number, afterRow: number, width: number, columns: number): number;
  skipRows(from: number, to: number, afterRow: number): number;
  writeRows(from: number, to: number, columns: number, stride: number, first: number, asNaN: number): number;
}

/**
 * The kernel decodes and encodes numbers in WebAssembly with SIMD. All requests share its memory, so a caller must copy in, call
 * and copy out without awaiting anything in between.
 */
export interface Kernel extends Exports {
  readonly input: Uint8Array;
  readonly columns: Float64Array;
  /** Pairs of the index of a column in a row and of the column that it fills. */
  readonly needed: Int32Array;
  readonly output: Uint8Array;
}

/** A module with a function that returns a SIMD vector. It is valid only if SIMD is supported. */
const SIMD_PROBE = Buffer.from('0061736d010000000105016000017b030201000a0a0108004100fd0ffd620b', 'hex');

/** The only instance; undefined if WebAssembly has no SIMD. Without kernel.wasm, which the build makes, the import throws. */
export const kernel: Kernel | undefined = instantiate();

function instantiate(): Kernel | undefined {
  const path = new URL('./kernel.wasm', import.meta.url);
  if (!WebAssembly.validate(SIMD_PROBE)) return undefined;
  let bytes = Buffer.alloc(0);
  const host = {
    readDouble: (start: number, end: number) => Number(bytes.toString('latin1', start, end)),
    abort: () => {
      throw new Error('the kernel has come to an end that it should not');
    },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {
    host,
    env: host,
  });
  const own = exports as unknown as Exports;
  const { buffer } = own.memory;
  bytes = Buffer.from(buffer);
  fillPowers(new BigUint64Array(buffer, own.POWERS.value), own.MIN_POWER.value, own.MAX_POWER.value);
  return {
    ...own,
    input: new Uint8Array(buffer, own.INPUT.value),
    columns: new Float64Array(buffer, own.COLUMNS.value, own.COLUMN_VALUES.value),
    needed: new Int32Array(buffer, own.NEEDED.value, own.MAX_COLUMNS.value * 2),
    output: new Uint8Array(buffer, own.OUTPUT.value),
  };
}

/** Fills the table of arXiv 2101.11408, section 5: the 128 highest bits of each power of ten, rounded down. */
function fillPowers(table: BigUint64Array, min: number, max: number): void {
  for (let power = min; power <= max; power++) {
    const magnitude = 10n ** BigInt(Math.abs(power));
    const length = BigInt(magnitude.toString(2).length);
    const bits =
      power < 0
        ? (1n << (length + 127n)) / magnitude
        : length < 128n
          ? magnitude << (128n - length)
          : magnitude >> (length - 128n);
    table[(power - min) * 2] = bits & 0xffff_ffff_ffff_ffffn;
    table[(power - min) * 2 + 1] = bits >> 64n;
  }
}
