import { type Series } from './series-reader.js';
import { type Timeline } from './timeline.js';

export interface Column {
  readonly name: string;
  /** Along the timeline; NaN for what is no finite number. */
  readonly values: Float64Array;
  readonly missing: number;
  /** The values of the first rows. */
  readonly head: readonly number[];
}

/** A body or a response, ready to be shown. */
export interface Reading extends Omit<Series, 'columns' | 'indices'> {
  /** None where no column is called date. */
  readonly dates: readonly Column[];
  readonly samples: readonly Column[];
  readonly timeline: Timeline;
}

/** What the worker is asked for. */
export interface ReadRequest {
  readonly blob: Blob;
  readonly needed: readonly string[];
}

/** What the worker tells: how much of the text it has read, at the end what came of it. */
export interface ReadReport {
  readonly read?: number;
  readonly result?: Reading;
  readonly failure?: string;
}

/**
 * Reads a body or a response in a worker of its own.
 * @param needed names of columns that are read, wherever they stand
 * @param progress is told the part that has been read, from 0 to 1
 * @throws DOMException AbortError; Error where the text can't be had, such as that of a file that has changed
 */
export function read(
  blob: Blob,
  needed: readonly string[],
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<Reading> {
  const worker = new Worker(new URL('read.worker.js', import.meta.url), { type: 'module' });
  return new Promise<Reading>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    signal.throwIfAborted();
    worker.addEventListener('error', () => reject(new Error('the reader could not be started')));
    worker.addEventListener('message', ({ data }: MessageEvent<ReadReport>) => {
      if (data.read !== undefined) progress(data.read);
      if (data.result !== undefined) resolve(data.result);
      if (data.failure !== undefined) reject(new Error(data.failure));
    });
    worker.postMessage({ blob, needed } satisfies ReadRequest);
  }).finally(() => worker.terminate());
}
