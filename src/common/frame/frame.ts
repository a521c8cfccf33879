/** The name of the column that every frame has: epoch seconds, never missing. */
export const DATE = 'date';

/** How a missing sample is written. `NaN` is not valid JSON, but some clients that read doubles need it. */
export type Missing = 'null' | 'NaN';

/** The most columns of a frame, including `date`: the kernel writes a whole row into 64 KiB, at 128 bytes per number. */
export const MAX_COLUMNS = 511;

/**
 * Equal-length named columns, as in pandas' DataFrame: row i of each column belongs to the same date.
 * Dates are finite. In a series NaN means that the sample is missing; other values are finite.
 * `Name` is the series that it always has, `Optional` those that it may have.
 */
export class Frame<in Name extends string = string, in Optional extends string = never> {
  /** The number of rows. */
  readonly length: number;

  /** @param optional names of columns that may be absent */
  constructor(
    readonly columns: ReadonlyMap<string, Float64Array>,
    private readonly optional: readonly string[] = [],
  ) {
    if (columns.size > MAX_COLUMNS)
      throw new RangeError(`expected at most ${MAX_COLUMNS} columns, got ${columns.size}`);
    const [first] = columns.values();
    this.length = first?.length ?? 0;
    for (const [name, { length }] of columns)
      if (length !== this.length) throw new RangeError(`the column ${name} has ${length} rows, others ${this.length}`);
  }

  /** The names of the columns, in their order. */
  get headers(): string[] {
    return [...this.columns.keys()];
  }

  /**
   * @returns undefined for an optional column that is absent
   * @throws RangeError if there is no such column, or if it was transferred to a thread. Both are mistakes of the caller; an
   * empty column would look like missing samples.
   */
  column<N extends Name | Optional | typeof DATE>(name: N): Float64Array | (N extends Optional ? undefined : never) {
    const column = this.columns.get(name);
    if (column === undefined && !this.optional.includes(name)) throw new RangeError(`no column ${name}`);
    if (column !== undefined && column.length !== this.length)
      throw new RangeError(`column ${name} is gone: a thread has it, or the call is over`);
    return column as Float64Array;
  }
}

/** The parts of a body that a method needs. The rest is only checked to be JSON. */
export interface FrameSchema {
  /** The params that the method reads. None of them may appear twice. The method's DTO validates their values. */
  readonly params: readonly string[];
  /** The names of the needed series, without `date`, which is always needed. */
  readonly series: readonly string[];
  /** The series that the headers may lack. The frame then has no column for them. */
  readonly optional?: readonly string[];
}
