import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeBody } from './bodies.mjs';

export const run = promisify(execFile);

const REQUEST_TIMEOUT_S = '300';
const CHECKED_ROWS = 1_000;

/** @param {number[]} values @param {number} fraction 0.99 is p99 */
export function quantile(values, fraction) {
  return values.toSorted((a, b) => a - b)[Math.ceil(fraction * values.length) - 1];
}

/** @param {number[]} values an odd number of them */
export const median = (values) => quantile(values, 0.5);

/**
 * Starts contestants, checks the values of each, and measures them in alternating rounds, so that whatever slows the machine
 * slows all of them. One that fails takes no further part.
 * @param {string} directory for bodies
 * @param {import('./contestants.mjs').Contestant[]} contestants
 * @param {(server: import('./contestants.mjs').Server, name: string) => Promise<number | number[]>} measure
 * @param {{warmUp?: number, rounds?: number}} turns warm-up rounds are not counted
 * @returns {Promise<Map<string, {values?: number[], failure?: string}>>} by name
 */
export async function contest(directory, contestants, measure, { warmUp = 0, rounds = 1 } = {}) {
  const body = await writeBody(join(directory, 'checked.json'), CHECKED_ROWS);
  const results = new Map();
  const servers = new Map();
  /** Records the failure of a step. */
  const attempt = (name, step) =>
    step().catch(({ message }) => results.set(name, { failure: message.trim().split('\n').at(-1) }));
  for (const { name, start, check } of contestants) {
    results.set(name, { values: [] });
    await attempt(name, async () => {
      const server = await start();
      servers.set(name, server);
      await check(server, body);
    });
  }
  for (let round = -warmUp; round < rounds; round++)
    for (const [name, server] of servers) {
      const { values } = results.get(name);
      if (values === undefined) continue;
      await attempt(name, async () => {
        const value = await measure(server, name);
        if (round >= 0) values.push(...[value].flat());
      });
    }
  for (const server of servers.values()) await server.stop();
  return results;
}

/**
 * Posts a body with curl, on a connection of its own. The empty `Expect` avoids the wait for 100 Continue.
 * @returns {Promise<number>} seconds from the connection to the last byte of the response
 */
export async function post({ url }, { path }, method = 'method') {
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--fail', '--max-time', REQUEST_TIMEOUT_S, '--output', '/dev/null'],
    ...['--request', 'POST', '--upload-file', path],
    ...['--header', 'Content-Type: application/json', '--header', 'Expect:'],
    ...['--write-out', '%{time_total}', `${url}/${method}`],
  ]);
  return Number(stdout);
}

/**
 * Posts a body again and again, with wrk.
 * @param {string} [how.method] the path
 * @param {number} [how.pauseMs] the mean pause of a connection before each request
 * @returns {Promise<{requests: number, rate: number, p50: number, p99: number}>} the number of responses, their number per
 * second, and latencies in milliseconds
 */
export async function load({ url }, { path }, { method = 'method', connections, seconds, headers = [], pauseMs = 0 }) {
  const { stdout } = await run(
    'wrk',
    [
      ...['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', `${REQUEST_TIMEOUT_S}s`],
      ...headers.flatMap((header) => ['-H', header]),
      ...['-s', join(import.meta.dirname, 'post.lua'), `${url}/${method}`],
    ],
    { env: { ...process.env, BODY: path, DELAY: String(pauseMs) } },
  );
  const [requests, rate, failed, p50, p99] = /^requests (\d+) rate (\S+) failed (\d+) p50 (\S+) p99 (\S+)$/m
    .exec(stdout)
    .slice(1)
    .map(Number);
  if (failed > 0 || requests === 0) throw new Error(`${failed} requests failed, ${requests} got a response`);
  return { requests, rate, p50, p99 };
}

/**
 * The peak resident set size of a process or one of its children, whichever is larger; Linux only.
 * @returns {number} bytes
 */
export function peakMemory({ pid }) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const peaks = [pid, ...children].map((each) =>
    Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))[1]),
  );
  return 1024 * Math.max(...peaks);
}
