import { type KasemError } from '../../../common/errors/kasem.error.js';
import { columnIndices, MAX_ROW_BYTES, rowError, rowFaults } from '../../../common/frame/frame-rules.js';

/** More are counted, and not listed. */
const MOST_LISTED = 10_000;

/** What the service would refuse a body for, had the body no other fault. */
export interface Fault {
  /** The integer of the contract. */
  readonly error: number;
  readonly log: string;
  /** None where the body as a whole is at fault. */
  readonly row?: number;
  /** The index of the cell; none where the row as a whole is at fault. */
  readonly column?: number;
}

/** Faults of one kind in one column. */
export interface FaultGroup {
  readonly column: string;
  readonly kind: string;
  readonly first: Fault;
  count: number;
}

/** All faults of a body. */
export interface Faults {
  readonly total: number;
  readonly groups: readonly FaultGroup[];
  /** In the order in which the service comes upon them. */
  readonly listed: readonly Fault[];
}

/** Judges rows as the service does, and goes on after the first fault. */
export class FaultFinder {
  private headers: readonly string[] = [];
  private indices: readonly number[] | undefined;
  private total = 0;
  private readonly groups = new Map<string, FaultGroup>();
  private readonly listed: Fault[] = [];

  /**
   * @param series that the method needs
   * @param cellsOf gives the cells of a row as they are written
   */
  constructor(
    readonly series: readonly string[],
    private readonly cellsOf: (row: number) => readonly string[],
  ) {}

  get canJudge(): boolean {
    return this.indices !== undefined;
  }

  /** @throws KasemError where rows can't be judged by these headers */
  takeHeaders(headers: unknown): void {
    this.indices ??= columnIndices(headers, this.series);
    this.headers = headers as string[];
  }

  /** @param row as JSON.parse gives it, a bare NaN as null */
  judge(row: unknown, r: number, bytes: number): void {
    const { headers, indices = [], series } = this;
    const width = headers.length;
    const found = bytes > MAX_ROW_BYTES ? [{ row: r, tooLong: true }] : rowFaults(row, r, width, indices);
    for (const fault of found) {
      const { cell } = fault;
      const isListed = this.listed.length < MOST_LISTED;
      const isNaN = isListed && cell?.found === 'null' && this.cellsOf(r)[cell.column] === 'NaN';
      const named = isNaN ? { ...fault, cell: { ...cell, found: 'NaN' } } : fault;
      const { errorCode, message } = rowError(named, width, indices, series);
      const column = cell && { column: cell.column };
      const kind = cell?.found.replace(/^the string .*/s, 'text').replace('null', 'missing');
      this.add(
        { error: errorCode.code, log: message, row: r, ...column },
        cell === undefined ? '' : (headers[cell.column] as string),
        kind ?? 'whole row',
      );
    }
  }

  private add(fault: Fault, column: string, kind: string): void {
    this.total++;
    if (this.listed.length < MOST_LISTED) this.listed.push(fault);
    const name = JSON.stringify([column, kind, fault.error]);
    const group = this.groups.get(name);
    if (group !== undefined) group.count++;
    else this.groups.set(name, { column, kind, first: fault, count: 1 });
  }

  /** @param whole the faults of the body as a whole, which the service tells before those of rows */
  faults(whole: readonly KasemError[]): Faults {
    const before = whole.map(({ errorCode, message }): Fault => ({ error: errorCode.code, log: message }));
    const groups = before.map((first): FaultGroup => ({ column: '', kind: 'whole body', first, count: 1 }));
    return {
      total: before.length + this.total,
      groups: [...groups, ...this.groups.values()],
      listed: [...before, ...this.listed].slice(0, MOST_LISTED),
    };
  }
}
