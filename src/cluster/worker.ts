import { type Worker } from 'node:cluster';
import { Server } from 'node:net';
import { Worker as Thread } from 'node:worker_threads';
import { type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one process. */
export type Snapshot = MetricObjectWithValues<MetricValue<string>>[];

/** A message between the primary process and a worker. */
export type ClusterMessage =
  | { readonly type: 'drain' | 'alive' | 'stopped-accepting' | 'metrics.scrape' }
  | { readonly type: 'example'; readonly example?: { readonly path: string; readonly body: object } }
  | { readonly type: 'metrics.collect'; readonly round: number }
  | { readonly type: 'metrics.snapshot'; readonly round: number; readonly snapshot: Snapshot }
  | { readonly type: 'metrics.exposition'; readonly text: string };

/** How often a worker tells the primary process that its event loop runs. */
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
 * In a worker: tells the primary process that the event loop runs, and ends this process if it outlives the primary. Only a
 * thread can do that if the loop hangs.
 */
export function startHeartbeat(): void {
  setInterval(() => tellPrimary({ type: 'alive' }), BEAT_MS).unref();
  new Thread(new URL('./watchdog.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  }).unref();
}

/**
 * In a worker: stops listening, so that new connections go to the other workers, and lets the primary process replace this
 * one. Open connections stay open: http.Server's `close` would close the idle ones.
 */
export function stopAccepting(server: Server): void {
  Server.prototype.close.call(server);
  tellPrimary({ type: 'stopped-accepting' });
}
