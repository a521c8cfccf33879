import { inspect, types } from 'node:util';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { KasemError } from '../errors/kasem.error.js';
import { type ErrorCode } from '../errors/error-codes.js';
import { free } from '../free.js';

/** The default export of a module that runs on a thread. */
export type ThreadFunction = (input: never) => unknown;

export interface ThreadTask {
  /** The URL of the module. */
  readonly file: string;
  readonly input: object;
}

/** Errors are sent in parts: between threads they lose their class, and a thrown value that is no Error may be lost. */
export type ThreadOutcome =
  | { readonly result: unknown }
  | { readonly refusal: { readonly errorCode: ErrorCode; readonly log: string } }
  | { readonly fault: { readonly message: string; readonly stack?: string } };

function failure(error: unknown): ThreadOutcome {
  if (error instanceof KasemError) return { refusal: { errorCode: error.errorCode, log: error.message } };
  const text = inspect(error);
  return {
    fault:
      error instanceof Error
        ? { message: error.message, stack: text }
        : { message: `thrown without an Error: ${text}` },
  };
}

/** The columns in an object, and in arrays in it. */
export const columnsIn = (value: unknown): Float64Array[] =>
  Object.values(value ?? {})
    .flat()
    .filter(types.isFloat64Array);

/** The entry of each thread: runs a task, and transfers the columns of its result rather than copying them. */
export default async function runTask({ file, input }: ThreadTask): Promise<unknown> {
  let outcome: ThreadOutcome;
  try {
    const { default: run } = (await import(file)) as { default?: (input: object) => unknown };
    if (typeof run !== 'function') throw new TypeError(`${file} has no function as its default export`);
    outcome = { result: await run(input) };
  } catch (error) {
    outcome = failure(error);
  }
  const results = 'result' in outcome ? columnsIn(outcome.result) : [];
  const given = new Set(results.map(({ buffer }) => buffer));
  for (const column of columnsIn(input)) if (!given.has(column.buffer)) free(column);
  return move({
    // A view of a longer buffer is copied.
    [transferableSymbol]: [
      ...new Set(results.filter((one) => one.byteLength === one.buffer.byteLength).map(({ buffer }) => buffer)),
    ],
    [valueSymbol]: outcome,
  });
}
