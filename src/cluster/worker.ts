import { type Worker } from 'node:cluster';
import { Server } from 'node:net';
import { Worker as Thread } from 'node:worker_threads';
import { type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one process. */
export type Snapshot = MetricObjectWithValues<MetricValue<string>>[];

/** What passes between the primary process and its workers. */
export type ClusterMessage =
  | { readonly type: 'drain' | 'alive' | 'leaving' | 'metrics.scrape' }
  | { readonly type: 'metrics.collect'; readonly round: number }
  | { readonly type: 'metrics.snapshot'; readonly round: number; readonly snapshot: Snapshot }
  | { readonly type: 'metrics.exposition'; readonly text: string };

/** How often a worker says that its event loop turns. */
export const BEAT_MS = 1_000;

/** Sends a message to a worker. Without the callback, a closed channel would be an uncaught exception. */
export function tellWorker(worker: Worker, message: ClusterMessage): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}

/** Sends a message to the primary process, if it is still there. */
export function tellPrimary(message: ClusterMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/**
 * In a worker: lets the primary process see that the event loop turns, and ends this process if it outlives the primary,
 * which only a thread can do where the loop hangs.
 */
export function startHeartbeat(): void {
  setInterval(() => tellPrimary({ type: 'alive' }), BEAT_MS).unref();
  new Thread(new URL('./watchdog.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  }).unref();
}

/**
 * In a worker: new connections go to the other workers from now on, and the primary process replaces this one. Open
 * connections stay open: http.Server's own `close` would close the idle ones.
 */
export function stopAccepting(server: Server): void {
  Server.prototype.close.call(server);
  tellPrimary({ type: 'leaving' });
}
