import { KasemError } from '../errors/kasem.error.js';
import { faultText, isSpace, JsonScanner, keyName, OPEN_ARRAY } from './json-scanner.js';
import {
  assertParamLength,
  columnIndices,
  envelopeFaults,
  MAX_DEPTH,
  MAX_ROW_BYTES,
  neededSeries,
  notJson,
  rowError,
  rowFaults,
  type RowFault,
} from './frame-rules.js';
import { type DecodedBody, type FrameDecoder } from './frame-decoder.js';
import { DATE, Frame, type FrameSchema } from './frame.js';
import { repeatedKey } from './repeated-key.js';
import { TextBlocks } from './text-blocks.js';

/**
 * Decodes a body with `JSON.parse`: it holds the whole text and all rows at once. It is the oracle in the tests of the kernel's
 * decoder, and the fallback without WebAssembly SIMD.
 */
export class PlainFrameDecoder implements FrameDecoder {
  private readonly text = new TextBlocks();

  constructor(private readonly schema: FrameSchema) {}

  push(chunk: Uint8Array): void {
    this.text.append(chunk, 0, chunk.length);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface leaves room for decoders that take turns
  async end(): Promise<DecodedBody> {
    const bytes = this.text.toBuffer();
    if (bytes.length === 0) throw new KasemError('MALFORMED_JSON', 'the body is empty');
    const { structure, body } = parse(bytes, this.schema.params);

    const { optional, params } = this.schema;
    const { duplicate, texts } = structure;
    const { param, scalar } = Object(body) as Record<string, unknown>;
    const { headers, data } = Object(scalar) as Record<string, unknown>;
    const series = neededSeries(headers, this.schema.series, optional);
    const values: Record<string, unknown> = {
      '': body,
      param,
      scalar,
      'scalar.headers': headers,
      'scalar.data': data,
    };
    const envelope = {
      valueAt: (path: string) => values[path],
      bytesAt: (path: string) => texts.get(path)?.length ?? 0,
      duplicate,
      repeated: [...texts].flatMap(([path, text]) =>
        path.startsWith('param.') ? (repeatedKey(text, path) ?? []) : [],
      ),
    };
    for (const fault of envelopeFaults(envelope, series)) throw fault;

    const indices = columnIndices(headers, series);
    const rows = data as unknown[];
    const width = (headers as string[]).length;
    const columns = indices.map(() => new Float64Array(rows.length));
    rows.forEach((row, r) => {
      const [fault] = structure.tooLong === r ? [{ row: r, tooLong: true }] : rowFaults(row, r, width, indices);
      if (fault !== undefined) throw rowError(namedNaN(fault, structure.nanRows), width, indices, series);
      const cells = row as unknown[];
      indices.forEach((column, c) => ((columns[c] as Float64Array)[r] = Number(cells[column] ?? NaN)));
    });

    for (const name of params) assertParamLength(name, texts.get(`param.${name}`)?.length ?? 0);
    const names = [DATE, ...series];
    const given = new Map(Object.entries(param as object));
    return {
      params: Object.fromEntries(params.filter((name) => given.has(name)).map((name) => [name, given.get(name)])),
      frame: new Frame(new Map(columns.map((column, c) => [names[c] as string, column])), optional),
    };
  }

  release(): void {
    this.text.drop();
  }
}

/** JSON.parse got null for a bare NaN. The log shows NaN, as it was sent. */
function namedNaN(fault: RowFault, nanRows: ReadonlyMap<number, number>): RowFault {
  if (fault.cell?.found !== 'null' || nanRows.get(fault.cell.column) !== fault.row) return fault;
  return { ...fault, cell: { ...fault.cell, found: 'NaN' } };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws KasemError MALFORMED_JSON */
function parse(bytes: Buffer, params: readonly string[]): { structure: Structure; body: unknown } {
  try {
    // TextDecoder drops a byte order mark.
    const structure = walk(UTF8.decode(bytes), params);
    return { structure, body: JSON.parse(structure.text) };
  } catch (error) {
    throw malformed(bytes, error);
  }
}

/** JSON.parse does not tell the byte or the row of a fault, so a scanner looks for them. */
function malformed(bytes: Buffer, cause: unknown): KasemError {
  const keys: string[] = [];
  let inRows = false;
  /** The number of rows, and of cells in the last row, that have begun. */
  let [rows, cells] = [0, 0];
  let isInArray = false;
  const scanner = new JsonScanner(
    {
      begin: (depth, first) => {
        if (depth === 2 && keys[1] === 'scalar' && keys[2] === 'data' && first === OPEN_ARRAY) {
          [inRows, rows, cells] = [true, 0, 0];
          scanner.nanDepth = 4;
        } else if (depth === 3) {
          isInArray = first === OPEN_ARRAY;
          [rows, cells] = [rows + 1, 0];
        } else if (depth === 4) cells++;
        return false;
      },
      end: (depth) => {
        if (depth === 3) isInArray = false;
        if (depth !== 2) return;
        inRows = false;
        scanner.nanDepth = -1;
      },
      key: (depth, text = '""') => {
        keys.length = depth;
        keys[depth] = keyName(text);
      },
    },
    4,
  );
  const end = scanner.scan(bytes, 0, bytes.length);
  const after = bytes.subarray(end).findIndex((byte) => !isSpace(byte));
  const fault =
    scanner.fault ??
    (after < 0
      ? undefined
      : { why: 'unexpected text after its end', byte: bytes[end + after] as number, index: end + after });
  const why = fault === undefined ? `unexpected end after ${bytes.length} bytes` : faultText(fault, fault.index);
  const cell = isInArray && cells > 0 ? `[${cells - 1}]` : '';
  return notJson(why, inRows ? `scalar.data[${Math.max(rows - 1, 0)}]${cell}` : undefined, { cause });
}

/** What JSON.parse does not tell about a text. */
interface Structure {
  /** The text with null for each bare NaN that is a cell of a row, where it is allowed. */
  readonly text: string;
  /** The path of the first needed key that appears twice. */
  readonly duplicate: string | undefined;
  /** The first row with a bare NaN in each column. */
  readonly nanRows: ReadonlyMap<number, number>;
  /** The texts of the needed params and of the headers, by path. */
  readonly texts: ReadonlyMap<string, Buffer>;
  /** The first row whose text is longer than MAX_ROW_BYTES. */
  readonly tooLong: number | undefined;
}

/** An open object or array. */
interface Container {
  readonly isObject: boolean;
  /** Its path, such as `scalar.data`; undefined if nothing in it is needed. */
  readonly path: string | undefined;
  readonly keys: Set<string>;
  /** In an object, the key of the current value; undefined if a key comes next. */
  key: string | undefined;
  /** In an array, the index of the current value. */
  index: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/gs;

/** Walks over the tokens of a text. If the text is not JSON, the result may be wrong, but JSON.parse refuses it later. */
function walk(text: string, params: readonly string[]): Structure {
  const needed = new Map<string | undefined, ReadonlySet<string>>([
    ['', new Set(['param', 'scalar'])],
    ['param', new Set(params)],
    ['scalar', new Set(['headers', 'data'])],
  ]);
  const open: Container[] = [];
  const pieces: string[] = [];
  const nanRows = new Map<number, number>();
  const texts = new Map<string, Buffer>();
  /** The value whose text is needed, and the number of containers around it. */
  let measured: { path: string; start: number; depth: number } | undefined;
  let duplicate: string | undefined;
  let tooLong: number | undefined;
  let copied = 0;
  let rowStart = 0;

  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    const container = open.at(-1);
    const data = open[2];
    const inData = data?.path === 'scalar.data' && !data.isObject;
    if (inData && open.length === 3) rowStart = match.index;
    if (container?.isObject && container.key !== undefined && !',:}]'.includes(token)) {
      const path = `${container.path}.${container.key}`;
      if (path === 'scalar.headers' || (container.path === 'param' && params.includes(container.key)))
        measured = { path, start: match.index, depth: open.length };
    }
    if (token === '{' || token === '[') {
      if (open.length === MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
      open.push({
        isObject: token === '{',
        path: pathOf(container),
        keys: new Set(),
        key: undefined,
        index: 0,
      });
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ',') {
      if (container !== undefined) {
        container.key = undefined;
        container.index++;
      }
    } else if (token === 'NaN' && inData && open.length === 4 && container?.isObject === false) {
      pieces.push(text.slice(copied, match.index), 'null');
      copied = match.index + token.length;
      if (!nanRows.has(container.index)) nanRows.set(container.index, data.index);
    } else if (container?.isObject && container.key === undefined) {
      const key = unquote(token);
      container.key = key;
      if (needed.get(container.path)?.has(key)) {
        const path = container.path === '' ? key : `${container.path}.${key}`;
        if (container.keys.has(key)) duplicate ??= path;
        container.keys.add(key);
      }
    }
    if (measured?.depth === open.length) {
      texts.set(measured.path, Buffer.from(text.slice(measured.start, match.index + token.length)));
      measured = undefined;
    }
    if (inData && open.length === 3) {
      const row = text.slice(rowStart, match.index + token.length);
      if (Buffer.byteLength(row) > MAX_ROW_BYTES) tooLong ??= data.index;
    }
  }
  return { text: pieces.join('') + text.slice(copied), duplicate, nanRows, texts, tooLong };
}

function pathOf(parent: Container | undefined): string | undefined {
  if (parent === undefined) return '';
  if (parent.path === '') return parent.key === 'param' || parent.key === 'scalar' ? parent.key : undefined;
  return parent.path === 'scalar' && parent.key === 'data' ? 'scalar.data' : undefined;
}

/** The text of a key. JSON.parse refuses an invalid key later. */
function unquote(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
