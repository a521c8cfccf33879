import { type KasemError } from '../errors/kasem.error.js';
import { columnIndices, MAX_ROW_BYTES, rowError, rowFaults } from './frame-rules.js';
import { JsonScanner, type ScanHandler } from './json-scanner.js';

/** Cells stand in the body, `scalar`, `data` and their row. */
export const CELLS_DEPTH = 4;

/** More are counted, and not listed. */
const MOST_LISTED = 10_000;

/** What the service would refuse a body for, had the body no other fault. */
export interface Fault {
  /** The integer of the contract. */
  readonly error: number;
  readonly log: string;
  /** The name of the column; empty where a row, or the body, is at fault as a whole. */
  readonly column: string;
  readonly kind: string;
  readonly row?: number;
}

export interface Faults {
  readonly total: number;
  /** The first of each kind in each column, and how many are of it. */
  readonly groups: readonly { readonly first: Fault; readonly count: number }[];
  /** In the order in which the service comes upon them. */
  readonly listed: readonly Fault[];
}

/** Judges rows as the service does, and goes on after the first fault. */
export class FaultFinder {
  private total = 0;
  private readonly groups = new Map<string, { readonly first: Fault; count: number }>();
  private readonly listed: Fault[] = [];
  private readonly indices: readonly number[];

  /**
   * @param whole faults of the body as a whole, which come first
   * @param headers none where rows can't be judged
   */
  constructor(
    whole: readonly KasemError[],
    private readonly headers: readonly string[] | undefined,
    private readonly series: readonly string[],
    private readonly bytesOf: (row: number) => Uint8Array,
  ) {
    this.indices = headers === undefined ? [] : columnIndices(headers, series);
    for (const error of whole) this.add(error, '', 'whole body');
  }

  get faults(): Faults {
    return { total: this.total, groups: [...this.groups.values()], listed: this.listed };
  }

  /** @param row as JSON.parse gives it, a bare NaN as null */
  judge(row: unknown, r: number): void {
    const { headers, indices, series } = this;
    if (headers === undefined) return;
    const { length } = this.bytesOf(r);
    const isTooLong = length > MAX_ROW_BYTES;
    for (const fault of isTooLong
      ? [{ row: r, tooLong: true }]
      : rowFaults(row, r, headers.length, indices)) {
      const { cell } = fault;
      const isNull = cell?.found === 'null' && this.listed.length < MOST_LISTED;
      const found = isNull ? cellsOf(UTF8.decode(this.bytesOf(r)))[cell.column] : cell?.found;
      const named = cell && { cell: { ...cell, found: found ?? '' } };
      const kind = cell?.found.replace(/^the string .*/s, 'text').replace('null', 'missing');
      const column = cell === undefined ? '' : (headers[cell.column] ?? '');
      this.add(
        rowError({ ...fault, ...named }, headers.length, indices, series),
        column,
        kind ?? 'whole row',
        r,
      );
    }
  }

  private add({ errorCode, message }: KasemError, column: string, kind: string, row?: number): void {
    this.total++;
    const fault = { error: errorCode.code, log: message, column, kind, ...(row !== undefined && { row }) };
    if (this.listed.length < MOST_LISTED) this.listed.push(fault);
    const group = this.groups.get(`${column} ${kind}`);
    if (group === undefined) this.groups.set(`${column} ${kind}`, { first: fault, count: 1 });
    else group.count++;
  }
}

const UTF8 = new TextDecoder();

/** The cells of one row in its own text, of which the last is empty where it does not end. None where it is no array. */
export function cellsOf(row: string): string[] {
  const bytes = new TextEncoder().encode(row);
  const cells: string[] = [];
  let from = 0;
  const handler: ScanHandler = {
    begin: (depth, _, index) => {
      if (depth === CELLS_DEPTH) cells.push('');
      from = depth === CELLS_DEPTH ? index : from;
      return false;
    },
    end: (depth, index) => {
      if (depth === CELLS_DEPTH) cells[cells.length - 1] = UTF8.decode(bytes.subarray(from, index));
    },
    key: () => undefined,
  };
  const scanner = new JsonScanner(handler, CELLS_DEPTH, CELLS_DEPTH - 1, CELLS_DEPTH);
  if (row.startsWith('[')) scanner.scan(bytes, 0, bytes.length);
  return cells;
}
