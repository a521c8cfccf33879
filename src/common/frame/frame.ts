/** The name of the column that every frame has: seconds since the Unix epoch, never missing. */
export const DATE = 'date';

/** What is written for a missing sample: `NaN` is no JSON, but what some readers of doubles need. */
export type Missing = 'null' | 'NaN';

/** The most columns of a frame, `date` among them: the kernel writes a row at once into 64 KiB, 128 bytes a number. */
export const MAX_COLUMNS = 511;

/**
 * Equal-length named columns, as in pandas' DataFrame: row i of each column belongs to the same date.
 * Dates are finite. In a series NaN means that the sample is missing; other values are finite.
 * `Name` are the series that it has for sure, `Optional` those that it may have.
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
    const lengths = new Set(Array.from(columns.values(), (column) => column.length));
    if (lengths.size > 1) throw new RangeError(`columns of different lengths: ${[...lengths].join(', ')}`);
    this.length = [...lengths][0] ?? 0;
  }

  /** The names of the columns, in their order. */
  get headers(): string[] {
    return [...this.columns.keys()];
  }

  /**
   * @returns undefined for an optional column that is absent
   * @throws RangeError where there is no such column, which is a fault of the caller.
   */
  column<N extends Name | Optional | typeof DATE>(
    name: N,
  ): Float64Array | (N extends Optional ? undefined : never) {
    const column = this.columns.get(name);
    if (column === undefined && !this.optional.includes(name)) throw new RangeError(`no column ${name}`);
    return column as Float64Array;
  }
}
