import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { devNull } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_S = 300;

/** Every process that the bench has started and that has not ended. */
const running = new Set();

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** @param {number[]} values @param {number} fraction 0.99 is p99 */
export function quantile(values, fraction) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))];
}

/**
 * Takes turns: one measurement of each in every round, so that whatever slows the machine slows all of them. One that
 * fails takes no further turn.
 * @param {Map<string, () => Promise<number>>} measurements
 * @param {{warmUp: number, rounds: number}} rounds warm-up rounds are not counted
 * @returns {Promise<Map<string, {median?: number, failure?: string}>>}
 */
export async function takeTurns(measurements, { warmUp, rounds }) {
  const values = new Map([...measurements.keys()].map((name) => [name, []]));
  const failures = new Map();
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, measure] of measurements) {
      if (failures.has(name)) continue;
      try {
        const value = await measure();
        if (round >= 0) values.get(name).push(value);
      } catch (error) {
        failures.set(name, error.message);
      }
    }
  }
  return new Map(
    [...values].map(([name, taken]) => [
      name,
      failures.has(name) ? { failure: failures.get(name) } : { median: median(taken) },
    ]),
  );
}

/** Whether the machine has a command. @param {string} command */
export const hasCommand = (command) => spawnSync(command, ['--version']).error === undefined;

/** Starts a process that ends with the bench at the latest. */
export function launch(command, args, options) {
  const child = spawn(command, args, options);
  running.add(child);
  const forget = () => running.delete(child);
  child.once('exit', forget).once('error', forget);
  return child;
}

/** Ends a process that `launch` started. */
export async function end(child) {
  if (!running.has(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(kill);
}

process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * A server under measurement.
 * @typedef {object} Server
 * @property {string} url of its root
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server and waits until it responses.
 * @param {(port: number) => {command: string, args: string[], env?: object, ready?: string}} commandLine `ready` is the
 * path that answers once the server is ready
 * @returns {Promise<Server>}
 */
export async function startServer(commandLine) {
  const port = await freePort();
  const { command, args, env, ready = '/' } = commandLine(port);
  const child = launch(command, args, {
    env: { ...process.env, PORT: String(port), NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => (complaint = `${complaint}${text}`.slice(-400)));
  child.once('error', (error) => (complaint = error.message));

  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url + ready))) {
    if (!running.has(child) || Date.now() > deadline) {
      await end(child);
      throw new Error(`did not start: ${complaint.trim().split('\n').at(-1)}`);
    }
    await sleep(50);
  }
  return { url, pid: child.pid, stop: () => end(child) };
}

async function answers(url) {
  try {
    const { status } = await fetch(url, { headers: { connection: 'close' } });
    return status < 500;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** What curl is told for a POST of a file; `Expect:` spares the wait for a 100 Continue. */
export const curlPost = (body) => [
  ...['--silent', '--show-error', '--request', 'POST', '--upload-file', body],
  ...['--header', 'Content-Type: application/json', '--header', 'Expect:'],
];

/**
 * Posts a body to /method with curl, on a connection of its own.
 * @param {Server} server
 * @param {string} body path of the file
 * @param {string} [response] path of the file for the response
 * @returns {Promise<number>} seconds from the connection to the last byte of the response
 */
export async function post({ url }, body, response = devNull) {
  const { stdout } = await promisify(execFile)('curl', [
    ...curlPost(body),
    ...['--max-time', String(REQUEST_TIMEOUT_S), '--output', response],
    ...['--write-out', '%{http_code} %{time_total}', `${url}/method`],
  ]).catch(({ stderr, message }) => {
    throw new Error(stderr?.trim() || message);
  });
  const [status, seconds] = stdout.split(' ').map(Number);
  if (status !== 200) throw new Error(`HTTP ${status}`);
  return seconds;
}

/**
 * The largest resident set that a process or one of its children has had; Linux only.
 * @param {number} pid
 * @returns {number} bytes
 */
export function peakMemory(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const pids = [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
  return Math.max(
    ...pids.map(
      (each) => 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))[1]),
    ),
  );
}
