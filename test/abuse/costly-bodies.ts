import { around, lengthOf, longRow, rowsOf, type Pieces } from './bodies.js';

/** A short description of a long body: a text, the place where it is repeated, and the length of the chunks. */
export interface CostlyBody {
  readonly place: Place;
  readonly unit: string;
  readonly chunkBytes: number;
}

/** The length of each body, below all limits on its parts. */
const BODY_BYTES = 1 << 18;

const FOUR = { headers: ['date', 'e1_ts', 'e2_ts', 'x'] };
const WIDE = {
  headers: [...Array.from({ length: 30 }, (_, column) => `x${column}`), 'date', 'e1_ts', 'e2_ts'],
};

const times = (text: string, bytes: number): Pieces => [[text, Math.floor(bytes / Buffer.byteLength(text))]];
const params = (inside: Pieces): Pieces => [
  ['{"param":{', 1],
  ...inside,
  ['"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
];

/** The places of a body in which a unit can be repeated. */
export const PLACES = {
  row: (unit) => around(rowsOf(unit, BODY_BYTES)),
  'row before the headers': (unit) => around(rowsOf(unit, BODY_BYTES), { dataFirst: true }),
  'row after one that is too short': (unit) => around([['[0],', 1], ...rowsOf(unit, BODY_BYTES)]),
  'ignored cell': (unit) => around(rowsOf(`[0,0,0,${unit}]`, BODY_BYTES), FOUR),
  'needed cell': (unit) => around(rowsOf(`[0,${unit},0]`, BODY_BYTES)),
  'ignored cells': (unit) => around(rowsOf(`[${`${unit},`.repeat(30)}0,0,0]`, BODY_BYTES), WIDE),
  'cell of one row': (unit) => around(longRow(unit, BODY_BYTES - 16)),
  'between rows': (unit) => around([['[0,0,0]', 1], ...times(unit, BODY_BYTES)]),
  'member of param': (unit) => params(times(`${unit},`, BODY_BYTES)),
  'member of the body': (unit) => [
    ['{', 1],
    ...times(`${unit},`, BODY_BYTES),
    ['"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ],
  'in the scale': (unit) => params([['"scale":[', 1], ...times(`${unit},`, BODY_BYTES), ['0],', 1]]),
  header: (unit) => [
    ['{"param":{"scale":1},"scalar":{"headers":[', 1],
    ...times(`${unit},`, BODY_BYTES - 64),
    ['"date","e1_ts","e2_ts"],"data":[]}}', 1],
  ],
  'within a text': (unit) => params([['"x":"', 1], ...times(unit, BODY_BYTES), ['",', 1]]),
} satisfies Record<string, (unit: string) => Pieces>;

export type Place = keyof typeof PLACES;

export const CHUNKS = [1, 16, 256, 1_024, 16_384, 65_536];

export const PLAIN: CostlyBody = { place: 'row', unit: '[0,0,0]', chunkBytes: 65_536 };

export const piecesOf = ({ place, unit }: CostlyBody): Pieces => PLACES[place](unit);

/** The bytes on the wire. Each small chunk adds those of the transfer coding. */
export const receivedBytes = (body: CostlyBody): number => {
  const bytes = lengthOf(piecesOf(body));
  return body.chunkBytes >= 16_384 ? bytes : bytes + 6 * Math.ceil(bytes / body.chunkBytes);
};

/** The slowest and the largest body of each place, found by a search with COST_SEED=2. */
export const FOUND: readonly CostlyBody[] = [
  { place: 'header', unit: '""', chunkBytes: 65_536 },
  { place: 'header', unit: '"\\u0061"', chunkBytes: 16_384 },
  { place: 'header', unit: '{"": {"":{"":[[""]]}}}', chunkBytes: 16_384 },
  { place: 'header', unit: '[[""]]', chunkBytes: 16_384 },
  { place: 'member of the body', unit: '"aN07199254740993aN":0', chunkBytes: 65_536 },
  { place: 'member of param', unit: '"a":0', chunkBytes: 65_536 },
  { place: 'needed cell', unit: '5e-324', chunkBytes: 1_024 },
  { place: 'needed cell', unit: '1', chunkBytes: 1_024 },
  { place: 'in the scale', unit: '0', chunkBytes: 65_536 },
  { place: 'cell of one row', unit: ' []', chunkBytes: 16_384 },
  { place: 'ignored cell', unit: '[{"":null}]', chunkBytes: 256 },
  { place: 'ignored cells', unit: '1e400', chunkBytes: 256 },
  { place: 'row before the headers', unit: '[0,0],[0,0]', chunkBytes: 1_024 },
  { place: 'row', unit: '[0,0,0]', chunkBytes: 256 },
  { place: 'between rows', unit: ' ', chunkBytes: 65_536 },
];
