import { type DecodedBody, type FrameDecoder } from './frame-decoder.js';
import { columnIndices, neededSeries } from './frame-rules.js';
import { DATE, Frame, type FrameSchema } from './frame.js';

/** Up to this length JSON.parse is faster than the start of a scanner. */
export const SHORT_BODY_BYTES = 1 << 10;

/**
 * Decodes a short body that arrives in one chunk with JSON.parse, if it is valid beyond doubt. All others go to another decoder,
 * which handles what JSON.parse does not: duplicate keys, NaN, depth, and the place of a fault.
 */
export class ShortBodyDecoder implements FrameDecoder {
  private decoded: DecodedBody | undefined;
  private other: FrameDecoder | undefined;

  constructor(
    private readonly schema: FrameSchema,
    private readonly expectedBytes: number,
    private readonly createOther: () => FrameDecoder,
  ) {}

  push(chunk: Uint8Array): void {
    if (this.other === undefined && chunk.length === this.expectedBytes)
      this.decoded = decodeShortBody(chunk, this.schema);
    if (this.decoded !== undefined) return;
    this.other ??= this.createOther();
    this.other.push(chunk);
  }

  end(): Promise<DecodedBody> {
    if (this.decoded !== undefined) return Promise.resolve(this.decoded);
    this.other ??= this.createOther();
    return this.other.end();
  }

  release(): void {
    this.decoded = undefined;
    this.other?.release();
  }
}

/** @returns undefined if the body is faulty or has more keys than the contract defines */
export function decodeShortBody(bytes: Uint8Array, schema: FrameSchema): DecodedBody | undefined {
  try {
    const text = UTF8.decode(bytes);
    // With an escape, a duplicate key can be spelt differently.
    if (text.includes('\\')) return undefined;
    const body: unknown = JSON.parse(text);
    if (!hasKeys(body, BODY_KEYS)) return undefined;
    const { param, scalar } = body;
    if (!hasKeys(scalar, SCALAR_KEYS) || !isObject(param)) return undefined;
    const { headers, data } = scalar;
    const names = Object.keys(param);
    const keys = [...BODY_KEYS, ...SCALAR_KEYS, ...names];
    const isPlain =
      Array.isArray(data) &&
      names.every((name) => schema.params.includes(name) && isPrimitive(param[name])) &&
      keys.every((key) => standsOnce(text, `"${key}"`));
    if (!isPlain) return undefined;

    const series = neededSeries(headers, schema.series, schema.optional);
    const columns = columnsOf(data, (headers as unknown[]).length, columnIndices(headers, series));
    if (columns === undefined) return undefined;
    const frame = new Map(columns.map((column, c) => [c === 0 ? DATE : (series[c - 1] as string), column]));
    return { params: param, frame: new Frame(frame, schema.optional) };
  } catch {
    return undefined;
  }
}

/** @returns undefined if a row or a needed cell is faulty, or if a sample is a string */
function columnsOf(rows: readonly unknown[], width: number, indices: readonly number[]): Float64Array[] | undefined {
  const columns = indices.map(() => new Float64Array(rows.length));
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r];
    if (!Array.isArray(row) || row.length !== width || !row.every(isPrimitive)) return undefined;
    for (let c = 0; c < indices.length; c++) {
      const cell: unknown = row[indices[c] as number];
      if (!Number.isFinite(cell) && (cell !== null || c === 0)) return undefined;
      (columns[c] as Float64Array)[r] = cell === null ? NaN : (cell as number);
    }
  }
  return columns;
}

/** Keeps a byte order mark, so that JSON.parse refuses it. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const BODY_KEYS = ['param', 'scalar'];
const SCALAR_KEYS = ['headers', 'data'];

const isPrimitive = (value: unknown): boolean => typeof value !== 'object' || value === null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether the value is an object with exactly these two keys. */
const hasKeys = (value: unknown, [first, second]: readonly string[]): value is Record<string, unknown> => {
  if (!isObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 2 && keys.includes(first as string) && keys.includes(second as string);
};

const standsOnce = (text: string, part: string): boolean => text.indexOf(part, text.indexOf(part) + 1) === -1;
