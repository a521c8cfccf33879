import { extname } from 'node:path';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';
import { Environment } from '../config/environment.js';
import { KasemError } from '../errors/kasem.error.js';
import { DATE, type Frame } from '../frame/frame.js';
import { columnsIn, type ThreadFunction, type ThreadOutcome } from './method-thread.js';

/** `.js`, or `.ts` where tests run the source as it is; a thread then needs a loader of its own. */
const EXTENSION = extname(import.meta.url);
const LOADER = new URL('../../../scripts/typescript.mjs', import.meta.url).href;

/** Threads for what takes long and cannot be cut into slices. They start when the first method needs one. */
@Injectable()
export class MethodThreads implements OnApplicationShutdown {
  /** The runs that a thread has at this moment. */
  running = 0;
  /** How many runs have ended in whatever way, and the seconds that they took, without waiting. */
  runs = 0;
  seconds = 0;
  /** How many threads were ended because nobody waited for their result any more. */
  kills = 0;

  private readonly logger = new Logger(MethodThreads.name);
  private readonly threads: number;
  private pool?: Piscina;
  /** Piscina changes the order of tasks that have a signal: they wait here, first come, first served. */
  private readonly waiting: (() => void)[] = [];
  private readonly owned = new WeakSet<ArrayBufferLike>();

  constructor({ METHOD_THREADS }: Environment) {
    this.threads = METHOD_THREADS;
  }

  /** The runs that wait for a thread. */
  get queueLength(): number {
    return this.waiting.length;
  }

  /** Lets the series of a call's frame be transferred. Not its dates, which the response may need. */
  own({ columns }: Frame): void {
    for (const [name, { buffer }] of columns) if (name !== DATE) this.owned.add(buffer);
  }

  /**
   * Runs the default export of a module on a thread, as soon as one is free.
   * @param file such as `new URL('./band-energy.js', import.meta.url)`
   * @param input for the function. Series of the call's frame in it, also in an array, are transferred: they have no rows here
   * afterwards. The rest is copied.
   * @param options the call's signal; when it is aborted, the thread is ended
   * @returns the function's result, whose columns are transferred
   * @throws what the function throws; an Error where its thread dies; the signal's reason
   */
  async run<F extends ThreadFunction>(
    file: URL,
    input: Parameters<F>[0] & object,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Awaited<ReturnType<F>>> {
    await this.turn(signal);
    const start = performance.now();
    try {
      const transferList = [...new Set(columnsIn(input).map(({ buffer }) => buffer))].filter((buffer) =>
        this.owned.has(buffer),
      ) as ArrayBuffer[];
      this.pool ??= this.start();
      const outcome = (await this.pool.run(
        { file: file.href, input },
        { transferList, signal },
      )) as ThreadOutcome;
      if ('result' in outcome) return outcome.result as Awaited<ReturnType<F>>;
      throw new KasemError(outcome.refusal.errorCode, outcome.refusal.log);
    } catch (error) {
      if (!signal.aborted) throw error;
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
      // As many as there may be: a thread that dies is replaced at once.
      minThreads: this.threads,
      maxThreads: this.threads,
      atomics: 'disabled',
      recordTiming: false,
      ...(EXTENSION === '.ts' && { execArgv: ['--import', LOADER] }),
    });
    // One that dies while it runs nothing; the next run has a new one.
    pool.on('error', (err: Error) => this.logger.error({ err }));
    return pool;
  }
}
