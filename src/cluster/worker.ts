import { type Worker } from 'node:cluster';
import { Server } from 'node:net';
import { Worker as Thread } from 'node:worker_threads';

/** What passes between the primary process and a worker. */
export const DRAIN = 'drain';
export const ALIVE = 'alive';
export const LEAVING = 'leaving';

/** How often a worker says that its event loop turns. */
export const BEAT_MS = 1_000;

/** Sends a message to a worker. Without the callback, a closed channel would be an uncaught exception. */
export function tellWorker(worker: Worker, message: string | object): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}

/** Sends a message to the primary process, if it is still there. */
export function tellPrimary(message: string | object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/**
 * In a worker: lets the primary process see that the event loop turns, and ends this process if it outlives the primary,
 * which only a thread can do where the loop hangs.
 */
export function beWatched(): void {
  setInterval(() => tellPrimary(ALIVE), BEAT_MS).unref();
  new Thread(new URL('./watchdog.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  }).unref();
}

/**
 * In a worker: new connections go to the other workers from now on, and the primary process replaces this one. The
 * connections that are open stay so, unlike with http.Server's own `close`.
 */
export function leaveOthers(server: Server): void {
  Server.prototype.close.call(server);
  tellPrimary(LEAVING);
}
