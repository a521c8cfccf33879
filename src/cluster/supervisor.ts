import cluster, { type Address, type Worker } from 'node:cluster';
import { constants } from 'node:os';
import { BEAT_MS, tellWorker, type ClusterMessage } from './worker.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that lived this long did not fail at its start. */
const SETTLED_MS = 30_000;
/** How long after its timeouts a worker is killed if it has not ended. */
const MARGIN_MS = 5_000;
/** A worker hangs if its event loop has not run for this long. */
const HANG_MS = 15_000;

export interface SupervisorOptions {
  /** Milliseconds for which draining workers still take requests. */
  readonly delay: number;
  /** Milliseconds for the requests in flight, after the delay. */
  readonly grace: number;
  readonly workers: number;
  /** Called once, when the first worker listens. */
  onListening(address: Address): void;
  /** Called when the shutdown begins. */
  onDrain(signal: string): void;
  /** Called when a worker is killed because it did not end in time. */
  onOverdue(pid: number | undefined): void;
  /** Called when a worker is killed because its event loop hangs. */
  onHang(pid: number | undefined): void;
  /** Called before a worker is replaced: it has died, or takes no more requests. */
  onReplace(death: { worker: number | undefined; cause: string | number; replacedInMs: number }): void;
}

/** Runs in the primary process of several that share a port: replaces workers that die, and drains all on a signal. */
export class Supervisor {
  private readonly startedAt = new Map<number, number>();
  /** When each listening worker was last alive, by id. */
  private readonly serving = new Map<number, number>();
  /** Ids of workers that are about to end and have already been replaced. */
  private readonly replaced = new Set<number>();
  private isListening = false;
  private isDraining = false;
  private exitCode = 0;
  private quickDeaths = 0;

  constructor(private readonly options: SupervisorOptions) {}

  run(): void {
    cluster.on('listening', (worker, address) => {
      this.serving.set(worker.id, performance.now());
      if (this.isListening) return;
      this.isListening = true;
      this.options.onListening(address);
    });
    cluster.on('message', (worker, message: ClusterMessage) => {
      if (message.type === 'alive' && this.serving.has(worker.id)) this.serving.set(worker.id, performance.now());
      if (message.type === 'stopped-accepting') this.onStoppedAccepting(worker);
    });
    cluster.on('exit', (worker, code, signal) => this.onExit(worker, signal ?? code));
    this.killHanging();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.drain(signal));
    process.on('SIGHUP', () => this.live.forEach((worker) => this.forwardSighup(worker)));
    for (let i = 0; i < this.options.workers; i++) this.fork();
  }

  private fork(): void {
    if (!this.isDraining) this.startedAt.set(cluster.fork().id, Date.now());
  }

  private onExit(worker: Worker, cause: string | number): void {
    this.serving.delete(worker.id);
    if (this.isDraining) {
      if (typeof cause === 'number') this.exitCode = Math.max(this.exitCode, cause);
      if (this.live.length === 0) process.exit(this.exitCode);
      return;
    }
    // A worker that ends before any has listened has logged why. Its replacement would end too.
    if (!this.isListening) process.exit(1);
    const isReplaced = this.replaced.delete(worker.id);
    if (!isReplaced) this.replace(worker, cause);
  }

  /** After an uncaught exception a worker stops accepting connections, and only finishes its requests in flight. */
  private onStoppedAccepting(worker: Worker): void {
    if (this.isDraining || this.replaced.has(worker.id)) return;
    this.replaced.add(worker.id);
    this.replace(worker, 'uncaught exception');
    setTimeout(() => this.killOverdue([worker]), this.options.grace + MARGIN_MS).unref();
  }

  private replace(worker: Worker, cause: string | number): void {
    const lived = Date.now() - (this.startedAt.get(worker.id) ?? 0);
    this.startedAt.delete(worker.id);
    this.quickDeaths = lived < SETTLED_MS ? this.quickDeaths + 1 : 0;
    const replacedInMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(this.quickDeaths - 1, 0), LONGEST_PAUSE_MS);
    this.options.onReplace({ worker: worker.process.pid, cause, replacedInMs });
    setTimeout(() => this.fork(), replacedInMs);
  }

  private killHanging(): void {
    let lookedAt = performance.now();
    setInterval(() => {
      const now = performance.now();
      // If this process itself was stopped, it has missed the workers' messages.
      if (now - lookedAt > 3 * BEAT_MS) for (const id of this.serving.keys()) this.serving.set(id, now);
      lookedAt = now;
      for (const worker of this.live)
        if (now - (this.serving.get(worker.id) ?? now) > HANG_MS) {
          this.serving.delete(worker.id);
          this.options.onHang(worker.process.pid);
          worker.process.kill('SIGKILL');
        }
    }, BEAT_MS).unref();
  }

  /** A second signal kills all workers at once. */
  private drain(signal: 'SIGTERM' | 'SIGINT'): void {
    if (this.isDraining) {
      this.kill(this.live);
      process.exit(128 + constants.signals[signal]);
    }
    this.isDraining = true;
    this.options.onDrain(signal);
    if (this.live.length === 0) process.exit(0);
    for (const worker of this.live) {
      if (!this.serving.has(worker.id)) worker.process.kill('SIGKILL');
      // A worker without a channel ends by itself.
      else tellWorker(worker, { type: 'drain' });
    }
    const { delay, grace } = this.options;
    setTimeout(() => this.killOverdue(this.live), delay + grace + MARGIN_MS);
  }

  private killOverdue(workers: readonly Worker[]): void {
    const overdue = workers.filter((worker) => !worker.isDead());
    for (const worker of overdue) this.options.onOverdue(worker.process.pid);
    this.kill(overdue);
  }

  /** SIGHUP would end a worker that has no handler yet, so it gets the signal when it listens. */
  private forwardSighup(worker: Worker): void {
    if (this.serving.has(worker.id)) worker.process.kill('SIGHUP');
    else worker.once('listening', () => worker.process.kill('SIGHUP'));
  }

  private kill(workers: readonly Worker[]): void {
    for (const worker of workers) worker.process.kill('SIGKILL');
  }

  /** Leaves out dead workers, which node:cluster lists until their channel has closed. */
  private get live(): Worker[] {
    return Object.values(cluster.workers ?? {})
      .filter((worker) => worker !== undefined)
      .filter((worker) => !worker.isDead());
  }
}
