import { type Series } from './series-reader.js';
import { type Table } from './table.js';
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

/** What the worker is asked for: to read a body by the series that its method needs, or a response; or to make a body. */
export interface ReadRequest {
  readonly blob: Blob;
  readonly needed?: readonly string[];
  readonly table?: Table;
}

/** What the worker tells: how much of the text it has read, at the end what came of it. */
export interface ReadReport {
  readonly read?: number;
  readonly result?: Reading;
  readonly made?: Blob;
  readonly failure?: string;
}

const start = (): Worker => new Worker(new URL('read.worker.js', import.meta.url), { type: 'module' });

/** It is kept, so that files can be read also when the service has gone. */
let worker = start();

/**
 * Asks the worker for one thing at a time.
 * @param progress is told the part that has been read, from 0 to 1
 * @throws DOMException AbortError; Error where the text can't be had, such as that of a file that has changed
 */
export function ask(
  request: ReadRequest,
  signal: AbortSignal,
  progress?: (part: number) => void,
): Promise<ReadReport> {
  let stop = (): void => undefined;
  return new Promise<ReadReport>((resolve, reject) => {
    signal.throwIfAborted();
    stop = () => {
      reject(signal.reason as Error);
      worker.terminate();
      worker = start();
    };
    signal.addEventListener('abort', stop);
    worker.onerror = () => reject(new Error('the reader could not be started: is the service down?'));
    worker.onmessage = ({ data }: MessageEvent<ReadReport>) => {
      if (data.read !== undefined) progress?.(data.read);
      else if (data.failure !== undefined) reject(new Error(data.failure));
      else resolve(data);
    };
    worker.postMessage(request);
  }).finally(() => signal.removeEventListener('abort', stop));
}

export const read = async (...asked: Parameters<typeof ask>): Promise<Reading> =>
  (await ask(...asked)).result as Reading;
