// Measures what the running service needs for a request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeBody } from '../bodies.mjs';
import { service } from '../contestants.mjs';
import { median } from '../measure.mjs';
import { difference, machineSeconds, ownUsage, residentBytes, saturate, send, usageOf } from './load.mjs';
import { fitLine } from './plan.mjs';

const SIZES = [4, 3_600, 21_600, 86_400, 300_000];
const ROUNDS = 4;
export const WARM_UP_SECONDS = 5;
const MANY_CLIENTS = 30;
const MEMORY_SECONDS = 10;
const COST_SECONDS = 1.5;
export const BUSY_CLIENTS = 2;
const MOST_ALONE = 20;
/** As in production: with a log line and the metrics of each request. */
export const ENVIRONMENT = { LOG_LEVEL: 'info' };

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

export async function bodyOf(directory, rows) {
  const path = join(directory, `${rows}.json`);
  await writeBody(path, rows);
  return readFileSync(path);
}

/**
 * What a request costs, in seconds, on processes that are used by nobody else. The event loop's time is that in which it
 * ran or waited for a core, which V8's helpers or the sender may have had.
 * @typedef {object} Cost
 * @property {number} loop of the event loop, where one process is never idle and the others are
 * @property {number} cpu of all threads, likewise
 * @property {number} alone of the event loop, where each request finds all processes idle
 * @property {number} aloneCpu of all threads, likewise
 * @property {number} delay beside the event loop, likewise
 * @property {number} variation of the event loop's time, standard deviation over mean, likewise
 * @property {number} crowdedLoop of the event loop, where none of the processes is ever idle: they and the sender share
 * cores, their caches and the way to memory
 * @property {number} crowdedCpu of all threads, likewise
 */

/** @returns {Promise<Cost>} */
export async function costOf(servers, body) {
  const costs = [];
  for (const server of servers) costs.push(await costOfOne(server, body, COST_SECONDS / servers.length));
  const cost = Object.fromEntries(
    Object.keys(costs[0]).map((name) => [name, mean(costs.map((each) => each[name]))]),
  );
  const crowded = servers.length === 1 ? cost : await busyCost(servers, body, COST_SECONDS);
  return { ...cost, crowdedLoop: crowded.loop, crowdedCpu: crowded.cpu };
}

async function costOfOne(server, body, seconds) {
  const { url, pid } = server;
  const busy = await busyCost([server], body, seconds);
  const singly = [];
  const end = performance.now() + 1e3 * seconds;
  do {
    const start = usageOf(pid);
    const { seconds } = await send(url, body);
    await sleep(Math.max(10, 2e3 * seconds));
    const { loop, queued, cpu } = difference(start, usageOf(pid));
    singly.push({ loop: loop + queued, cpu, delay: seconds - loop - queued });
  } while (singly.length < MOST_ALONE && performance.now() < end);
  const loops = singly.map(({ loop }) => loop);
  return {
    ...busy,
    alone: mean(loops),
    aloneCpu: mean(singly.map(({ cpu }) => cpu)),
    delay: Math.max(0, median(singly.map(({ delay }) => delay))),
    variation: deviation(loops) / mean(loops),
  };
}

/** Where none of the processes is ever idle. */
async function busyCost(servers, body, seconds) {
  const starts = servers.map(({ pid }) => usageOf(pid));
  const answers = await Promise.all(
    servers.map(async ({ url, pid }, i) => {
      const { length } = await saturate(url, body, BUSY_CLIENTS, seconds);
      return { length, ...difference(starts[i], usageOf(pid)) };
    }),
  );
  const total = (name) => answers.reduce((sum, each) => sum + each[name], 0);
  return { loop: (total('loop') + total('queued')) / total('length'), cpu: total('cpu') / total('length') };
}

/**
 * The sizes in turns, so that whatever slows the machine slows all of them; medians of the rounds.
 * @param {string} directory for bodies
 * @returns {Promise<{others: number, coefficients: import('./plan.mjs').Coefficients, fit: {rows: number, loop: number, cpu: number}[]}>}
 */
export async function measureCoefficients(directory) {
  const bodies = new Map();
  for (const rows of SIZES) bodies.set(rows, await bodyOf(directory, rows));
  const costs = new Map(SIZES.map((rows) => [rows, []]));
  const answerBytes = [];
  let others;
  const server = await service.start(ENVIRONMENT);
  try {
    for (const [rows, body] of bodies) {
      await saturate(server.url, body, BUSY_CLIENTS, WARM_UP_SECONDS);
      answerBytes.push([rows, (await send(server.url, body)).bytes]);
    }
    const start = [usageOf(server.pid), ownUsage(), machineSeconds()];
    for (let round = 0; round < ROUNDS; round++)
      for (const [rows, body] of bodies) costs.get(rows).push(await costOf([server], body));
    others = othersSince(server, start);
  } finally {
    await server.stop();
  }
  const middle = (rows, name) => median(costs.get(rows).map((cost) => cost[name]));
  const line = (name) => fitLine(SIZES.map((rows) => [rows, Math.max(1e-5, middle(rows, name))]));
  return {
    others,
    coefficients: {
      loopSeconds: line('loop'),
      aloneSeconds: line('alone'),
      cpuSeconds: line('cpu'),
      delaySeconds: line('delay'),
      variation: median(SIZES.map((rows) => middle(rows, 'variation'))),
      bodyBytes: fitLine(SIZES.map((rows) => [rows, bodies.get(rows).length])),
      answerBytes: fitLine(answerBytes),
      ...(await measureMemory(directory)),
    },
    fit: SIZES.map((rows) => ({ rows, loop: middle(rows, 'loop'), cpu: middle(rows, 'cpu') })),
  };
}

/** Cores that all but the server and its sender have kept busy. */
export function othersSince({ pid }, [usage, own, machine]) {
  const used = difference(usage, usageOf(pid));
  return (machineSeconds() - machine - used.cpu - difference(own, ownUsage()).cpu) / used.at;
}

/** The peak of a process that has been at work for a while, with one body in flight and with many. */
async function measureMemory(directory) {
  const body = await bodyOf(directory, 86_400);
  const server = await service.start(ENVIRONMENT);
  try {
    const peaks = [];
    for (const clients of [1, MANY_CLIENTS]) {
      await saturate(server.url, body, clients, MEMORY_SECONDS);
      peaks.push(residentBytes(server.pid, 'VmHWM'));
    }
    const bytesAByte = (peaks[1] - peaks[0]) / ((MANY_CLIENTS - 1) * body.length);
    return { processBytes: peaks[0] - bytesAByte * body.length, bytesAByte };
  } finally {
    await server.stop();
  }
}
