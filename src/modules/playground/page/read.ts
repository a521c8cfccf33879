import { DATE } from '../../../common/frame/frame.js';
import { tellProgress } from './dom.js';
import { type Needs, type Series } from '../../../common/frame/series-reader.js';
import { type Statistics } from './statistics.js';
import { type Table } from './table.js';
import { type Timeline } from './timeline.js';

export interface Column extends Statistics {
  readonly name: string;
  /** One for each point of the timeline; NaN if it is not a finite number. */
  readonly values: Float64Array;
}

/** A body or a response, ready to be shown. */
export interface Reading extends Omit<Series, 'columns'> {
  /** The date comes first. */
  readonly columns: readonly Column[];
  readonly timeline: Timeline;
}

/** The columns without the date. */
export const samplesOf = ({ columns }: Pick<Reading, 'columns'>): Column[] =>
  columns.filter(({ name }) => name !== DATE);

/** Asks the worker to read a response, or a body for a method's needs, or to make a body of a table. */
export interface ReadRequest {
  readonly blob: Blob;
  readonly needs?: Needs;
  readonly table?: Table;
}

/** The part that the worker has read, from 0 to 1, then the result or a failure. */
export interface ReadReport<Result = unknown> {
  readonly read?: number;
  readonly failure?: string;
  readonly result?: Result;
}

/** The only worker: another one could not load its modules while the service is down. */
const worker = new Worker(new URL('read.worker.js', import.meta.url), { type: 'module' });

/**
 * Sends a request to the worker, which reports through a port.
 * @throws DOMException AbortError; Error if the blob cannot be read, such as a file that has changed
 */
export function read<Result = Reading>(request: ReadRequest, signal: AbortSignal): Promise<Result> {
  const { port1: port, port2 } = new MessageChannel();
  return new Promise<Result>((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
      port.postMessage('stop');
    });
    worker.onerror = () => reject(new Error('the reader could not be started: is the service down?'));
    port.onmessage = ({ data }: MessageEvent<ReadReport<Result>>) => {
      if (data.failure !== undefined) reject(new Error(data.failure));
      else if (data.result !== undefined) resolve(data.result);
      else tellProgress('Reading…', data.read);
    };
    worker.postMessage(request, [port2]);
  }).finally(() => port.close());
}
