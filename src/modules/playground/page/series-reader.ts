import { BodyScan } from '../../../common/frame/body-scan.js';
import { type Faults } from '../../../common/frame/fault-finder.js';
import { DATE } from '../../../common/frame/frame.js';

/** So many columns are kept: what a plot can show apart. */
const MAX_COLUMNS = 16;

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The paths whose text is kept. */
const WANTED = ['param.scale', 'scalar.headers', 'error', 'log'];

/** What comes before and after the text of a scale that is put in the place of the bytes [start, end). */
export interface ScaleSlot {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** A body or a response, as far as it could be read. */
export interface Series {
  /** Why it is not valid JSON, with the place of its fault. */
  readonly fault?: string;
  /** JSON text of what stands under `param.scale`, `scalar.headers`, `error` and `log`, by path. */
  readonly texts: Readonly<Record<string, string>>;
  /** None where a body has no place for a scale. */
  readonly scaleSlot?: ScaleSlot;
  readonly rows: number;
  /** The names of the columns as far as they are names. */
  readonly headers: readonly string[];
  /** Those that are needed and the first others, each as long as there are rows; NaN for what is no finite number. */
  readonly columns: readonly Float64Array[];
  /** For each of them the index of its cells in a row. */
  readonly indices: readonly number[];
  /** For each row the index of its first byte, and at the end that of the byte after the last row. */
  readonly rowStarts: Float64Array;
  /** What the service refuses a body for; none of a response. */
  readonly faults?: Faults;
}

/**
 * Reads the series of a body or a response, and finds the faults of a body.
 * @param needed the series that the method of a body needs: they are kept, wherever they stand
 * @param progress is told the part that has been read, from 0 to 1
 */
export function readSeries(
  bytes: Uint8Array,
  needed?: readonly string[],
  progress?: (part: number) => void,
): Series {
  const scan = new BodyScan(bytes, (part) => progress?.(part / 2));
  const { fault, rows, rowStarts } = scan;
  const finder = needed && scan.finder(needed);
  const headers = headersOf(scan.textAt('scalar.headers'));
  const indices = chosen(headers, [DATE, ...(needed ?? [])]);
  const columns = indices.map(() => new Float64Array(rows).fill(NaN));
  let width = 0;
  const take = (cells: unknown, row: number): void => {
    finder?.judge(cells, row);
    if (!Array.isArray(cells)) return;
    width = Math.max(width, cells.length);
    indices.forEach((index, c) => {
      const cell: unknown = cells[index];
      if (Number.isFinite(cell)) (columns[c] as Float64Array)[row] = cell as number;
    });
  };
  scan.parseRows(take, (part) => progress?.((1 + part) / 2));
  const texts = WANTED.map((path) => [path, scan.textAt(path)] as const);
  const isThere = (_: unknown, c: number): boolean => (indices[c] as number) < width;
  const slot = scaleSlot(scan);
  return {
    ...(fault !== undefined && { fault }),
    texts: Object.fromEntries(texts.filter(([, text]) => text !== undefined)) as Record<string, string>,
    ...(slot && { scaleSlot: slot }),
    rows,
    headers,
    columns: columns.filter(isThere),
    indices: indices.filter(isThere),
    rowStarts,
    ...(finder && { faults: finder.faults }),
  };
}

/** Where the scale stands; or a place to put one, at the beginning of `param`, or of the body with a `param` around it. */
function scaleSlot(scan: BodyScan): ScaleSlot | undefined {
  const { start, end } = scan.placeAt('param.scale') ?? {};
  if (start !== undefined && end !== undefined) return { start, end, before: '', after: '' };
  const param = scan.placeAt('param');
  const object = param ?? scan.placeAt('');
  if (scan.fault !== undefined || object === undefined || scan.bytes[object.start] !== OPEN_OBJECT)
    return undefined;
  const at = object.start + 1;
  const [before, after] = param === undefined ? ['"param":{"scale":', '}'] : ['"scale":', ''];
  const isEmpty = scan.bytes.subarray(at).find((byte) => byte > 0x20) === CLOSE_OBJECT;
  return { start: at, end: at, before, after: isEmpty ? after : `${after},` };
}

/** The names of the columns as far as they are names. */
function headersOf(text: string | undefined): string[] {
  const headers: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(headers) ? headers.map(String) : [];
}

/** The indices of the columns that are needed, and of the first others as far as there is room, in order. */
function chosen(headers: readonly string[], needed: readonly string[]): number[] {
  const indices = new Set(needed.map((name) => headers.indexOf(name)).filter((index) => index >= 0));
  for (let index = 0; indices.size < MAX_COLUMNS; index++) indices.add(index);
  return [...indices].sort((a, b) => a - b);
}
