import { paramPlaces, type ParamPlaces } from './body-params.js';
import { BodyScan } from './body-scan.js';
import { cellsOf, type Faults } from './fault-finder.js';
import { MAX_PARAM_BYTES, neededSeries } from './frame-rules.js';
import { DATE, type FrameSchema } from './frame.js';

/** How many columns of a body are kept, or all that its method needs. Of a response all are kept. */
const KEPT_COLUMNS = 16;
/** The paths, other than params, whose text is kept. */
const WANTED = ['scalar.headers', 'error', 'log'];

export type Needs = Required<FrameSchema>;

/** A body or a response, as far as it is valid JSON. */
export interface Series {
  /** Why and where it is not valid JSON. */
  readonly fault: string | undefined;
  /** The JSON texts of params, `scalar.headers`, `error` and `log`, by path. */
  readonly texts: Readonly<Record<string, string>>;
  /** Undefined if params cannot be put into the body. */
  readonly paramPlaces: ParamPlaces | undefined;
  readonly rows: number;
  readonly headers: readonly string[];
  /** The date, the needed columns and the first others, with one value for each row; NaN if it is not a finite number. */
  readonly columns: readonly { readonly name: string; readonly values: Float64Array }[];
  /** The index of each row's first byte, then the index after the last row. */
  readonly rowStarts: Float64Array;
  /** The faults of a body; undefined for a response. */
  readonly faults: Faults | undefined;
  /** The first row that is not as many numbers, or null, as there are headers. */
  readonly oddRow: number | undefined;
}

/**
 * Reads a response, or a body for a method's needs with its faults. Yields the part that has been read, from 0 to 1.
 */
export function* readSeries(bytes: Uint8Array, needs?: Needs): Generator<number, Series> {
  const scan = new BodyScan(bytes, needs?.params);
  for (const part of scan.scan()) yield part / 2;
  const { fault, rows, rowStarts } = scan;
  const headers = headersOf(scan.textAt('scalar.headers'));
  const needed = needs && neededSeries(headers, needs.series, needs.optional);
  const finder = needed && scan.finder(needed);
  const kept = chosen(headers, [DATE, ...(needed ?? headers)], rows > 0 ? cellsOf(scan.rowText(0)) : []);
  const columns = kept.map((index) => ({
    name: headers[index] ?? `column ${index}`,
    values: new Float64Array(rows).fill(NaN),
  }));
  const isSample = (cell: unknown): boolean => cell === null || Number.isFinite(cell);
  let [width, oddRow]: [number, number?] = [0];
  const take = (cells: unknown, row: number): void => {
    finder?.judge(cells, row);
    const isArray = Array.isArray(cells);
    if (!isArray || cells.length !== headers.length || !cells.every(isSample)) oddRow ??= row;
    if (!isArray) return;
    width = Math.max(width, cells.length);
    columns.forEach(({ values }, c) => {
      const cell: unknown = cells[kept[c] as number];
      if (Number.isFinite(cell)) values[row] = cell as number;
    });
  };
  for (const part of scan.parseRows(take)) yield (1 + part) / 2;
  const params = (needs?.params ?? []).map((name) => `param.${name}`);
  const paths = [...WANTED, ...params.filter((path) => scan.bytesAt(path) <= MAX_PARAM_BYTES)];
  const texts = paths.map((path) => [path, scan.textAt(path)] as const);
  return {
    fault,
    texts: Object.fromEntries(texts.filter(([, text]) => text !== undefined)) as Record<string, string>,
    paramPlaces: needs && paramPlaces(scan, needs.params),
    rows,
    headers,
    columns: columns.filter((_, c) => (kept[c] as number) < width),
    rowStarts,
    faults: finder?.faults,
    oddRow,
  };
}

/** Reads a response, or a body for a method's needs, at once. */
export function seriesOf(bytes: Uint8Array, needs?: Needs): Series {
  const reading = readSeries(bytes, needs);
  let step = reading.next();
  while (!step.done) step = reading.next();
  return step.value;
}

/** The names of the columns; none if the headers are not an array. */
function headersOf(text: string | undefined): string[] {
  const headers: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(headers) ? headers.map(String) : [];
}

/** The indices of the needed columns, then of the first others, up to KEPT_COLUMNS; of these others, numbers before texts. */
function chosen(headers: readonly string[], needed: readonly string[], firstRow: readonly string[]): number[] {
  const indices = new Set(needed.map((name) => headers.indexOf(name)).filter((index) => index >= 0));
  const isText = (index: number): number => Number(firstRow[index]?.startsWith('"') ?? false);
  const others = [...Array(Math.max(headers.length, KEPT_COLUMNS)).keys()]
    .filter((index) => !indices.has(index))
    .sort((a, b) => isText(a) - isText(b));
  return [...indices, ...others.slice(0, Math.max(0, KEPT_COLUMNS - indices.size)).sort((a, b) => a - b)];
}
