import { extname } from 'node:path';
import { types } from 'node:util';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';
import { Environment } from '../config/environment.js';
import { KasemError } from '../errors/kasem.error.js';
import { DATE, type Frame } from '../frame/frame.js';
import { columnsIn, type ThreadFunction, type ThreadOutcome } from './method-thread.js';

/** `.js`, or `.ts` if tests run the source. A thread then needs a loader of its own. */
const EXTENSION = extname(import.meta.url);
const LOADER = new URL('../../../scripts/typescript.mjs', import.meta.url).href;

/** By how much the priority of threads is lower than that of the event loop. */
const NICE = 10;

/** Threads for work that takes long and cannot be sliced. They start when a method first needs one. */
@Injectable()
export class MethodThreads implements OnApplicationShutdown {
  /** The number of runs that are on a thread now. */
  running = 0;
  /** The number of runs that have ended, successfully or not, and the seconds that they took, without waiting. */
  runs = 0;
  seconds = 0;
  /** The number of threads that were ended because nobody waited for their result any more. */
  kills = 0;

  private readonly logger = new Logger(MethodThreads.name);
  private readonly threads: number;
  private pool?: Piscina;
  /** Tasks wait here, first come, first served: Piscina does not keep the order of tasks that have a signal. */
  private readonly waiting: (() => void)[] = [];
  /** The buffers that may be transferred, and their lengths. */
  private readonly owned = new WeakMap<ArrayBufferLike, number>();

  constructor({ METHOD_THREADS }: Environment) {
    this.threads = METHOD_THREADS;
  }

  /** The number of runs that wait for a thread. */
  get queueLength(): number {
    return this.waiting.length;
  }

  /** Allows the series of a call's frame to be transferred, once; not its dates, which the response may need. */
  own({ columns }: Frame): void {
    for (const [name, { buffer }] of columns)
      if (name !== DATE && !this.owned.has(buffer)) this.owned.set(buffer, buffer.byteLength);
  }

  /**
   * Runs the default export of a module on a thread, as soon as one is free.
   * @param file such as `new URL('./band-energy.js', import.meta.url)`
   * @param input for the function. Series of the call's frame, also those in an array, are transferred: they are empty here
   * afterwards. The rest is copied.
   * @param options the call's signal. Aborting it ends the thread.
   * @returns the function's result, whose columns are transferred
   * @throws what the function throws; an Error if its thread dies; the signal's reason
   */
  async run<F extends ThreadFunction>(
    file: URL,
    input: Parameters<F>[0] & object,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Awaited<ReturnType<F>>> {
    await this.turn(signal);
    const start = performance.now();
    try {
      const transferList = this.transferable(input);
      this.pool ??= this.start();
      const outcome = (await this.pool.run({ file: file.href, input }, { transferList, signal })) as ThreadOutcome;
      if ('result' in outcome) return outcome.result as Awaited<ReturnType<F>>;
      if ('refusal' in outcome) throw new KasemError(outcome.refusal.errorCode, outcome.refusal.log);
      const { message, stack } = outcome.fault;
      throw Object.assign(new Error(message), stack !== undefined && { stack });
    } catch (error) {
      if (!signal.aborted) throw toError(error, file);
      this.kills++;
      throw signal.reason;
    } finally {
      this.runs++;
      this.seconds += (performance.now() - start) / 1_000;
      this.running--;
      this.waiting.shift()?.();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.destroy();
  }

  /** @throws Error if a series is no longer there: Node would neither send it nor throw, and the run would never end */
  private transferable(input: object): ArrayBuffer[] {
    const buffers = [...new Set(columnsIn(input).map(({ buffer }) => buffer))].filter((buffer) =>
      this.owned.has(buffer),
    ) as ArrayBuffer[];
    if (buffers.some((buffer) => buffer.byteLength !== this.owned.get(buffer)))
      throw new Error(
        'a series of the input is empty by now: it was given to a thread before (pass a copy, series.slice()), or its call has ended',
      );
    // A buffer that has always been empty could be transferred only once.
    return buffers.filter(({ byteLength }) => byteLength > 0);
  }

  /** Resolves when a thread is free for the caller. */
  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.running === this.threads)
      await new Promise<void>((resolve, reject) => {
        const go = () => {
          signal.removeEventListener('abort', leave);
          this.running++;
          resolve();
        };
        const leave = () => {
          this.waiting.splice(this.waiting.indexOf(go), 1);
          reject(signal.reason as Error);
        };
        this.waiting.push(go);
        signal.addEventListener('abort', leave, { once: true });
      });
    else this.running++;
  }

  private start(): Piscina {
    const pool = new Piscina({
      filename: new URL(`./method-thread${EXTENSION}`, import.meta.url).href,
      // As many as maxThreads, so that a thread that dies is replaced at once.
      minThreads: this.threads,
      maxThreads: this.threads,
      atomics: 'disabled',
      recordTiming: false,
      // The event loop goes first if cores are few. On other systems this would change the priority of the whole process.
      niceIncrement: process.platform === 'linux' ? NICE : 0,
      ...(EXTENSION === '.ts' && { execArgv: ['--import', LOADER] }),
    });
    // An idle thread has died. The next run gets a new one.
    pool.on('error', (err: Error) => this.logger.error({ err }));
    return pool;
  }
}

/** A result that can't be cloned ends the thread, and the error arrives without a message. */
const toError = (error: unknown, file: URL): Error =>
  types.isNativeError(error) && error.message !== ''
    ? error
    : new Error(`the thread of ${file.href} failed; what it gives has to be cloneable`, { cause: error });
