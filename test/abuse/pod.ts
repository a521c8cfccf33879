import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, it } from '@jest/globals';
import { parse } from 'yaml';
import { call, eventually, metric } from '../support/http.js';
import { spawnService, type ServiceProcess } from '../support/service.js';

const ROOT = join(import.meta.dirname, '../..');
const BASE = join(ROOT, 'deploy/kubernetes/base');
const MEBIBYTE = 1 << 20;

/** In a pod of 768 MiB V8 limits its heap to 396 MiB, of which 48 are for young objects. */
const NODE_OPTIONS = '--max-old-space-size=348 --import ./test/abuse/loop-watch.mjs';

const KEY = { 'X-API-Key': 'k3y' };
const SAMPLE = readFileSync(join(ROOT, 'test/fixtures/sample.request.json'));
const SAMPLE_RESPONSE = JSON.parse(readFileSync(join(ROOT, 'test/fixtures/sample.response.json'), 'utf8')) as object;

/** The longest turn of the event loop, in milliseconds of CPU time. */
const MAX_TURN_MS = 250;

/** A longer attack counts as denial of service. */
const MAX_ATTACK_MS = 45_000;

/** The time within which everything that an attack has used must be free again. */
const MAX_CLEANUP_MS = 15_000;

/** The environment of a pod of deploy/kubernetes. */
function podEnvironment(): Record<string, string> {
  const { configMapGenerator } = parse(readFileSync(join(BASE, 'kustomization.yaml'), 'utf8')) as {
    configMapGenerator: [{ literals: string[] }];
  };
  const literals = configMapGenerator[0].literals.map((literal) => literal.split(/=(.*)/s, 2));
  return Object.fromEntries(literals) as Record<string, string>;
}

const ENVIRONMENT = podEnvironment();
export const MAX_BODY_BYTES = Number(ENVIRONMENT.MAX_BODY_BYTES);
export const MAX_IN_FLIGHT_BYTES = Number(ENVIRONMENT.MAX_IN_FLIGHT_BYTES);

/** The limit that docs/operations.md promises for one process. */
const MAX_RESIDENT_BYTES = 160 * MEBIBYTE + 4 * MAX_IN_FLIGHT_BYTES;

/** The built service with a pod's limits, and its output and resource usage since the attack began. */
export class Pod {
  private outputBefore = 0;
  private cpuBefore = 0;

  private constructor(private readonly process: ServiceProcess) {}

  static async start(environment: Readonly<Record<string, string>>): Promise<Pod> {
    const pod = new Pod(
      await spawnService({
        ...ENVIRONMENT,
        NODE_ENV: 'production',
        NODE_OPTIONS,
        PORT: '0',
        HOST: '127.0.0.1',
        API_KEYS: 'attacker:k3y',
        ...environment,
      }),
    );
    // Warm up, so that one-time compilation and allocation do not count.
    for (let i = 0; i < 20; i++) await pod.respondsRight();
    return pod;
  }

  get port(): number {
    return this.process.port;
  }

  get url(): string {
    return this.process.url;
  }

  get isAlive(): boolean {
    return this.process.child.exitCode === null && this.process.child.signalCode === null;
  }

  /** Its output since the attack began. */
  get output(): string {
    return this.process.output().slice(this.outputBefore);
  }

  get longestTurnMs(): number {
    return Math.max(0, ...[...this.output.matchAll(/a turn took (\d+) ms/g)].map(([, ms]) => Number(ms)));
  }

  /** The peak resident memory since the attack began. */
  get peakBytes(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(this.status('status'))?.[1]) * 1024;
  }

  /** CPU time of all its threads since the attack began. */
  get cpuMs(): number {
    return this.cpuTicks * 10 - this.cpuBefore;
  }

  private get cpuTicks(): number {
    const fields = this.status('stat').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  }

  private status(name: string): string {
    return readFileSync(`/proc/${this.process.child.pid}/${name}`, 'utf8');
  }

  beginAttack(): void {
    this.outputBefore = this.process.output().length;
    this.cpuBefore = this.cpuTicks * 10;
    writeFileSync(`/proc/${this.process.child.pid}/clear_refs`, '5');
  }

  metric(series: string): Promise<number> {
    return metric(this.url, series, KEY);
  }

  inFlightBytes(): Promise<number> {
    return this.metric('kasem_in_flight_bytes');
  }

  /** The number of responses, to the attacker and to this test. */
  async responses(): Promise<number> {
    const response = await fetch(`${this.url}/metrics`, { headers: KEY });
    const counts = [...(await response.text()).matchAll(/^kasem_method_calls_total\{.*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Waits until the service has read everything that was sent. */
  async isSettled(): Promise<void> {
    let before = -1;
    for (let same = 0; same < 3;) {
      const now = await this.inFlightBytes();
      same = now === before ? same + 1 : 0;
      before = now;
      await setTimeout(100);
    }
  }

  async respondsRight(): Promise<void> {
    const response = await call(this.url, { body: SAMPLE, headers: KEY });
    if (response.status !== 200 || response.json.error !== 0 || !contains(response.json, SAMPLE_RESPONSE))
      throw new Error(`the sample is answered with ${response.status}: ${response.text.slice(0, 300)}`);
  }

  /** Waits until no memory and no request of the attack is left. */
  private async isFree(): Promise<void> {
    const active = (verb: string) =>
      this.metric(`http_server_active_requests{http_request_method="${verb}",url_scheme="http"}`);
    await eventually(async () => (await this.inFlightBytes()) === 0);
    await eventually(async () => (await active('POST')) + (await active('PUT')) === 0);
  }

  /**
   * Checks the service after an attack.
   * @throws Error that lists all failed checks
   */
  async hasWithstood(maxTurnMs = MAX_TURN_MS): Promise<void> {
    const broken: string[] = [];
    const check = (name: string, promise: Promise<void>) =>
      within(name, MAX_CLEANUP_MS, promise).catch((error: Error) => broken.push(error.message));
    await check('the sample', this.respondsRight());
    await check('to be free again', this.isFree());
    if (!this.isAlive) throw new Error(this.end());
    if (this.longestTurnMs > maxTurnMs) broken.push(`the loop was held for ${this.longestTurnMs} ms`);
    if (this.peakBytes > MAX_RESIDENT_BYTES)
      broken.push(`${mebibytes(this.peakBytes)} MiB were resident, promised are ${mebibytes(MAX_RESIDENT_BYTES)}`);
    const fault = /^.*"level":"(error|fatal)".*$/m.exec(this.output)?.[0];
    if (fault !== undefined) broken.push(`it logs a fault of its own: ${fault.slice(0, 300)}`);
    if (broken.length > 0) throw new Error(broken.join('\n'));
  }

  end(): string {
    const { exitCode, signalCode } = this.process.child;
    const why = /FATAL ERROR.*/.exec(this.output)?.[0] ?? this.output.slice(-300);
    return `the process ended with ${signalCode ?? exitCode}: ${why}`;
  }

  /** Rejects when the process ends. */
  async ended(): Promise<never> {
    await this.process.exited;
    throw new Error(this.end());
  }

  async kill(): Promise<void> {
    this.process.child.kill('SIGKILL');
    await this.process.exited;
  }
}

export interface AttackOptions {
  /** The bytes of text that are sent, to report the CPU time of one. */
  readonly bytes?: number;
  /** The longest turn of the event loop, in milliseconds of CPU time; MAX_TURN_MS by default. */
  readonly maxTurnMs?: number;
}

/**
 * A pod for the attacks of one `describe`. After a failed attack the next one gets a new pod.
 * @returns a function that defines an attack: a test that checks the service afterwards
 */
export function podUnderAttack(
  environment: Readonly<Record<string, string>> = {},
): (name: string, run: (pod: Pod) => Promise<unknown>, options?: AttackOptions) => void {
  let pod: Pod | undefined;
  afterAll(() => pod?.kill());
  return (name, run, { bytes, maxTurnMs } = {}) =>
    it(name, async () => {
      pod ??= await Pod.start(environment);
      const attacked = pod;
      attacked.beginAttack();
      try {
        await Promise.race([within('the attack', MAX_ATTACK_MS, run(attacked)), attacked.ended()]).catch(
          // A client notices the broken connection before the process has ended.
          async (error: Error) => Promise.race([setTimeout(2_000).then(() => Promise.reject(error)), attacked.ended()]),
        );
        const cpuMs = attacked.cpuMs;
        await attacked.hasWithstood(maxTurnMs);
        const each = bytes === undefined ? '' : `, ${((cpuMs / bytes) * 1e6).toFixed(0)} ns a byte`;
        process.stderr.write(
          `${name}: turn ${attacked.longestTurnMs} ms, peak ${mebibytes(attacked.peakBytes)} MiB${each}\n`,
        );
      } catch (error) {
        pod = undefined;
        await attacked.kill();
        throw error;
      }
    });
}

const mebibytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(0);

/** @throws Error if the promise takes longer */
async function within<T>(name: string, ms: number, promise: Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const late = setTimeout(ms, undefined, { signal: timeout.signal }).then(() => {
    throw new Error(`${name} takes longer than ${ms / 1000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}

/** Whether an object has all the values of another. */
function contains(actual: object, expected: object): boolean {
  return JSON.stringify({ ...actual, ...expected }) === JSON.stringify(actual);
}
