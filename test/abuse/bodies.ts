import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, type BrotliOptions } from 'node:zlib';
import fc from 'fast-check';

/** A body as texts and how often each is repeated, so that a few bytes describe megabytes. */
export type Pieces = readonly (readonly [text: string, times: number])[];

export const bytesOf = (pieces: Pieces): Buffer =>
  Buffer.concat(pieces.map(([text, times]) => Buffer.alloc(Buffer.byteLength(text) * Math.floor(times), text)));

export const lengthOf = (pieces: Pieces): number =>
  pieces.reduce((sum, [text, times]) => sum + Buffer.byteLength(text) * times, 0);

const HEADERS = ['date', 'e1_ts', 'e2_ts'];
const PARAM = '"param":{"scale":1}';

export interface Around {
  readonly headers?: readonly string[];
  readonly dataFirst?: boolean;
  readonly scalarFirst?: boolean;
}

/** A complete body with these rows. */
export function around(
  rows: Pieces,
  { headers = HEADERS, dataFirst = false, scalarFirst = false }: Around = {},
): Pieces {
  const names = `"headers":${JSON.stringify(headers)}`;
  const [open, close] = [`"scalar":{${dataFirst ? '' : `${names},`}"data":[`, `]${dataFirst ? `,${names}` : ''}}`];
  return scalarFirst
    ? [[`{${open}`, 1], ...rows, [`${close},${PARAM}}`, 1]]
    : [[`{${PARAM},${open}`, 1], ...rows, [`${close}}`, 1]];
}

/** The same row repeated up to the given length, separated by commas. */
export function rowsOf(row: string, bytes: number): Pieces {
  const times = Math.max(1, Math.floor(bytes / (Buffer.byteLength(row) + 1)));
  return [
    [`${row},`, times - 1],
    [row, 1],
  ];
}

/** One row of the given length, in which almost all cells are the same. */
export const longRow = (cell: string, bytes: number): Pieces => [
  ['[0,0,0', 1],
  [`,${cell}`, Math.floor(bytes / (Buffer.byteLength(cell) + 1))],
  [']', 1],
];

/** Drops the last pieces, so that the body ends inside a row. */
export const unfinished = (pieces: Pieces): Pieces => pieces.slice(0, -2);

/** Valid samples, invalid ones, and values that are expensive to skip. */
export const CELLS: readonly string[] = [
  '0',
  '-1.5e-7',
  '12345678901234567890123456789',
  '8.98846567431158e307',
  '9007199254740993.00000000000000000000000000000000000001',
  '2.4703282292062327208299323e-324',
  `0.${'0'.repeat(400)}1`,
  '1e400',
  'null',
  'NaN',
  '"NaN"',
  '"\\u004e\\u0061\\u004e"',
  '""',
  '"text"',
  '"é\\u00e9\\n\\"\\\\"',
  `"${'x'.repeat(3_000)}"`,
  `"${'\\u0000'.repeat(500)}"`,
  'true',
  '[]',
  '{}',
  '[[],[0,[]],{}]',
  '{"a":1,"a":2,"__proto__":{"then":1}}',
  `${'['.repeat(400)}${']'.repeat(400)}`,
  `${'{"":'.repeat(300)}0${'}'.repeat(300)}`,
  ' 0 ',
  `${' '.repeat(200)}0`,
  'Infinity',
  '01',
];

export type Coding = 'none' | 'gzip' | 'gzip members' | 'gzip flushed' | 'deflate' | 'raw deflate' | 'br';

/** Uses the fastest compression levels, because the client is not what is measured. */
export function encode(body: Buffer, coding: Coding): Buffer {
  switch (coding) {
    case 'none':
      return body;
    case 'gzip':
      return gzipSync(body, { level: 1 });
    case 'gzip flushed':
      return gzipSync(body, { level: 1, finishFlush: constants.Z_SYNC_FLUSH });
    case 'gzip members': {
      const memberBytes = Math.max(1, Math.ceil(body.length / 1_000));
      const members: Buffer[] = [];
      for (let i = 0; i < body.length; i += memberBytes)
        members.push(gzipSync(body.subarray(i, i + memberBytes), { level: 1 }));
      return Buffer.concat(members);
    }
    case 'deflate':
      return deflateSync(body, { level: 1 });
    case 'raw deflate':
      return deflateRawSync(body, { level: 1 });
    case 'br':
      return brotliCompressSync(body, BROTLI_FAST);
  }
}

const BROTLI_FAST: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** Everything that varies in a random body, and the number of connections that send it at once. */
export interface Shape {
  readonly cell: string;
  /** Whether the needed columns have such cells too. With a width of 3 they are the only columns. */
  readonly everywhere: boolean;
  readonly width: number;
  readonly rows: 'rows' | 'one row' | 'first is short';
  readonly dataFirst: boolean;
  readonly scalarFirst: boolean;
  readonly isUnfinished: boolean;
  readonly coding: Coding;
  /** The chunk length of the transfer coding; undefined to send a Content-Length. */
  readonly chunkBytes: number | undefined;
  readonly connections: number;
}

export const shape: fc.Arbitrary<Shape> = fc.record({
  cell: fc.constantFrom(...CELLS),
  everywhere: fc.boolean(),
  width: fc.constantFrom(3, 4, 40, 1_000),
  rows: fc.constantFrom('rows', 'rows', 'one row', 'first is short'),
  dataFirst: fc.boolean(),
  scalarFirst: fc.boolean(),
  isUnfinished: fc.boolean(),
  coding: fc.constantFrom<Coding[]>(
    'none',
    'none',
    'gzip',
    'gzip members',
    'gzip flushed',
    'deflate',
    'raw deflate',
    'br',
  ),
  chunkBytes: fc.constantFrom(undefined, undefined, 1, 7, 1_024, 65_536),
  connections: fc.constantFrom(1, 4, 17),
});

/** Bounds for all connections together, so that an attack takes seconds: bytes of text, chunks of the transfer coding. */
const SHAPE_BYTES = 24 << 20;
const SHAPE_CHUNKS = 1 << 18;

export function piecesOf(shape: Shape): Pieces {
  const { cell, everywhere, width, rows, dataFirst, scalarFirst, isUnfinished, connections } = shape;
  const chunked = shape.coding === 'none' && shape.chunkBytes !== undefined ? shape.chunkBytes : Infinity;
  const bytes = Math.min(SHAPE_BYTES, SHAPE_CHUNKS * chunked) / connections;
  const needed = everywhere || width === 3 ? `${cell},${cell},${cell}` : '1,2,3';
  const row = `[${needed}${`,${cell}`.repeat(width - 3)}]`;
  const plain = `[${'1,'.repeat(width - 1)}1]`;
  const texts: Record<Shape['rows'], () => Pieces> = {
    rows: () => [[`${plain},`, 1], ...rowsOf(row, bytes)],
    'one row': () => longRow(cell, Math.min(bytes, (1 << 20) - 10)),
    'first is short': () => [['[1],', 1], ...rowsOf(row, bytes)],
  };
  const headers = [...HEADERS, ...Array.from({ length: width - HEADERS.length }, (_, column) => `x${column}`)];
  const pieces = around(texts[rows](), { headers, dataFirst, scalarFirst });
  return isUnfinished ? unfinished(pieces) : pieces;
}
