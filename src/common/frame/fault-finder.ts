import { type KasemError } from '../errors/kasem.error.js';
import { columnIndices, MAX_ROW_BYTES, rowError, rowFaults } from './frame-rules.js';
import { JsonScanner, type ScanHandler } from './json-scanner.js';

/** Cells are inside four containers: the body, `scalar`, `data` and their row. */
export const CELLS_DEPTH = 4;

/** Further faults are counted but not listed. */
const MOST_LISTED = 10_000;

/** A fault as the service would report it if the body had no other. */
export interface Fault {
  /** The integer code of the contract. */
  readonly error: number;
  readonly log: string;
  /** The name of the column; empty if the whole row, or the whole body, is at fault. */
  readonly column: string;
  readonly kind: string;
  readonly row?: number;
}

export interface Faults {
  readonly total: number;
  /** The first fault of each kind in each column, and how many there are of it. */
  readonly groups: readonly { readonly first: Fault; readonly count: number }[];
  /** In the order of the service's checks. */
  readonly listed: readonly Fault[];
}

/** Checks rows as the service does, but goes on after the first fault. */
export class FaultFinder {
  private total = 0;
  private readonly groups = new Map<string, { readonly first: Fault; count: number }>();
  private readonly listed: Fault[] = [];
  private readonly indices: readonly number[];

  /**
   * @param whole faults of the body as a whole, which come first
   * @param headers undefined if the rows cannot be checked
   */
  constructor(
    whole: readonly KasemError[],
    private readonly headers: readonly string[] | undefined,
    private readonly series: readonly string[],
    private readonly bytesOf: (row: number) => Uint8Array,
  ) {
    this.indices = headers === undefined ? [] : columnIndices(headers, series);
    for (const error of whole) this.add(() => error, '', 'whole body');
  }

  get faults(): Faults {
    return { total: this.total, groups: [...this.groups.values()], listed: this.listed };
  }

  /** @param row from JSON.parse, with null for a bare NaN */
  judge(row: unknown, r: number): void {
    const { headers, indices, series } = this;
    if (headers === undefined) return;
    const { length } = this.bytesOf(r);
    const isTooLong = length > MAX_ROW_BYTES;
    for (const fault of isTooLong ? [{ row: r, tooLong: true }] : rowFaults(row, r, headers.length, indices)) {
      const { cell } = fault;
      const kind = cell?.found.replace(/^the string .*/s, 'text').replace('null', 'missing');
      const column = cell === undefined ? '' : (headers[cell.column] ?? '');
      const error = (): KasemError => {
        const isNull = cell?.found === 'null';
        const found = isNull ? cellsOf(UTF8.decode(this.bytesOf(r)))[cell.column] : cell?.found;
        const named = cell && { cell: { ...cell, found: found ?? '' } };
        return rowError({ ...fault, ...named }, headers.length, indices, series);
      };
      this.add(error, column, kind ?? 'whole row', r);
    }
  }

  /** @param make is called only for faults that are listed or the first of their kind */
  private add(make: () => KasemError, column: string, kind: string, row?: number): void {
    this.total++;
    const group = this.groups.get(`${column} ${kind}`);
    if (group !== undefined) group.count++;
    if (group !== undefined && this.listed.length >= MOST_LISTED) return;
    const { errorCode, message } = make();
    const fault = { error: errorCode.code, log: message, column, kind, ...(row !== undefined && { row }) };
    if (this.listed.length < MOST_LISTED) this.listed.push(fault);
    if (group === undefined) this.groups.set(`${column} ${kind}`, { first: fault, count: 1 });
  }
}

const UTF8 = new TextDecoder();

/** The JSON texts of a row's cells. A last cell that is cut off is empty. A row that is not an array has no cells. */
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
