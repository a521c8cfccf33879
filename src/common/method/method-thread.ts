import { move, transferableSymbol, valueSymbol } from 'piscina';
import { KasemError } from '../errors/kasem.error.js';
import { type ErrorCode } from '../errors/error-codes.js';
import { free } from '../free.js';

/** What a module that runs on a thread exports by default. */
export type ThreadFunction = (input: never) => unknown;

export interface ThreadTask {
  /** The URL of the module. */
  readonly file: string;
  readonly input: object;
}

/** A refusal is told in parts: between threads an error loses its class. */
export type ThreadOutcome =
  | { readonly result: unknown }
  | { readonly refusal: { readonly errorCode: ErrorCode; readonly log: string } };

/** The columns that stand in an object, or in an array that stands in it. */
export const columnsIn = (value: unknown): Float64Array[] =>
  Object.values(value ?? {})
    .flat()
    .filter((one) => Object.prototype.toString.call(one) === '[object Float64Array]') as Float64Array[];

/** The entry of each thread: runs a task, and gives its result's columns away rather than copies of them. */
export default async function runTask({ file, input }: ThreadTask): Promise<unknown> {
  const { default: run } = (await import(file)) as { default: (input: object) => unknown };
  let outcome: ThreadOutcome;
  try {
    outcome = { result: await run(input) };
  } catch (error) {
    if (!(error instanceof KasemError)) throw error;
    outcome = { refusal: { errorCode: error.errorCode, log: error.message } };
  }
  const results = 'result' in outcome ? columnsIn(outcome.result) : [];
  const given = new Set(results.map(({ buffer }) => buffer));
  for (const column of columnsIn(input)) if (!given.has(column.buffer)) free(column);
  return move({
    // A part of a longer buffer is copied.
    [transferableSymbol]: [
      ...new Set(
        results.filter((one) => one.byteLength === one.buffer.byteLength).map(({ buffer }) => buffer),
      ),
    ],
    [valueSymbol]: outcome,
  });
}
