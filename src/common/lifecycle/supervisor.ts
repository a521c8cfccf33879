import cluster, { type Address, type Worker } from 'node:cluster';
import { constants } from 'node:os';
import { type DrainTimes } from './drain.js';

/** Told to a worker by the primary process. */
export const DRAIN = 'drain';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that lived so long did not die of its start. */
const SETTLED_MS = 30_000;
/** Beyond its own times, before a worker that does not end is killed. */
const MARGIN_MS = 5_000;

export interface SupervisorOptions extends DrainTimes {
  readonly workers: number;
  /** Called once, when the first worker listens. */
  onListening(address: Address): void;
  /** Called when the end begins. */
  onDrain(signal: string): void;
  /** Called when a worker had to be killed, since it did not end in time. */
  onOverdue(pid: number | undefined): void;
  /** Called when a worker has died and is going to be replaced. */
  onDeath(death: { worker: number | undefined; cause: string | number; replacedInMs: number }): void;
}

/** The primary process of several that share a port: replaces those that die, and drains all on a signal. */
export class Supervisor {
  private readonly startedAt = new Map<number, number>();
  /** Ids of the workers that take work; others do not hear of anything yet. */
  private readonly serving = new Set<number>();
  private isListening = false;
  private isDraining = false;
  private quickDeaths = 0;

  constructor(private readonly options: SupervisorOptions) {}

  run(): void {
    cluster.on('listening', (worker, address) => {
      this.serving.add(worker.id);
      if (this.isListening) return;
      this.isListening = true;
      this.options.onListening(address);
    });
    cluster.on('exit', (worker, code, signal) => this.onExit(worker, signal ?? code));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.drain(signal));
    process.on('SIGHUP', () => this.live.forEach((worker) => this.hangUp(worker)));
    for (let i = 0; i < this.options.workers; i++) this.fork();
  }

  private fork(): void {
    if (!this.isDraining) this.startedAt.set(cluster.fork().id, Date.now());
  }

  private onExit(worker: Worker, cause: string | number): void {
    this.serving.delete(worker.id);
    if (this.isDraining) {
      if (this.live.length === 0) process.exit(0);
      return;
    }
    // What ends before anything has listened has said why, and would end again.
    if (!this.isListening) process.exit(1);
    const lived = Date.now() - (this.startedAt.get(worker.id) ?? 0);
    this.startedAt.delete(worker.id);
    this.quickDeaths = lived < SETTLED_MS ? this.quickDeaths + 1 : 0;
    const replacedInMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(this.quickDeaths - 1, 0), LONGEST_PAUSE_MS);
    this.options.onDeath({ worker: worker.process.pid, cause, replacedInMs });
    setTimeout(() => this.fork(), replacedInMs);
  }

  /** A second signal ends all at once. */
  private drain(signal: 'SIGTERM' | 'SIGINT'): void {
    if (this.isDraining) {
      this.kill();
      process.exit(128 + constants.signals[signal]);
    }
    this.isDraining = true;
    this.options.onDrain(signal);
    if (this.live.length === 0) process.exit(0);
    for (const worker of this.live) {
      if (!this.serving.has(worker.id)) worker.process.kill('SIGKILL');
      // What cannot be told is about to end by itself.
      else if (worker.isConnected()) worker.send(DRAIN, () => undefined);
    }
    setTimeout(
      () => {
        for (const worker of this.live) this.options.onOverdue(worker.process.pid);
        this.kill();
      },
      this.options.delay + this.options.grace + MARGIN_MS,
    );
  }

  /** One that starts may have read what has changed since; the signal would end it before it listens. */
  private hangUp(worker: Worker): void {
    if (this.serving.has(worker.id)) worker.process.kill('SIGHUP');
    else worker.once('listening', () => worker.process.kill('SIGHUP'));
  }

  private kill(): void {
    for (const worker of this.live) worker.process.kill('SIGKILL');
  }

  /** Without the dead, which node:cluster lists until their channel has been seen to end as well. */
  private get live(): Worker[] {
    return Object.values(cluster.workers ?? {})
      .filter((worker) => worker !== undefined)
      .filter((worker) => !worker.isDead());
  }
}
