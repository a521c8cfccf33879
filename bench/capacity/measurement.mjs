// Measures the coefficients against the running service, and holds predictions against it.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeBody } from '../bodies.mjs';
import { service } from '../contestants.mjs';
import { median, quantile } from '../measure.mjs';
import {
  difference,
  machineSeconds,
  offer,
  ownUsage,
  residentBytes,
  saturate,
  send,
  usageOf,
} from './load.mjs';
import { fitLine, modelOf } from './plan.mjs';
import { generator, poissonArrivals, simulate } from './simulation.mjs';

const SIZES = [4, 3_600, 21_600, 86_400, 300_000];
const ROUNDS = 4;
const WARM_UP_SECONDS = 5;
const MANY_CLIENTS = 30;
const MEMORY_SECONDS = 10;
const COST_SECONDS = 1.5;
const BUSY_CLIENTS = 2;
const MOST_ALONE = 20;
/** As in production: with a log line and the metrics of each request. */
const ENVIRONMENT = { LOG_LEVEL: 'info' };
const UTILISATIONS = [0.3, 0.6];
const VALIDATION_SECONDS = 8;
const CLIENTS_A_PROCESS = 3;
const SEED = 20_150_101;
const TOLERANCE = 0.2;
/** The cost of a request before and after a run may differ by so much; otherwise it was another machine meanwhile. */
const STEADY = 0.15;
/** Cores that other processes of the machine may keep busy during a run. */
const QUIET_CORES = 0.2;
const MOST_TRIES = 3;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

async function bodyOf(directory, rows) {
  const path = join(directory, `${rows}.json`);
  await writeBody(path, rows);
  return readFileSync(path);
}

/**
 * What a request costs, in seconds, on one process that is used by nobody else. The event loop's time is that in which
 * it ran or waited for a core, which V8's helpers may have had.
 * @typedef {object} Cost
 * @property {number} loop of the event loop, where the process is never idle
 * @property {number} cpu of all threads, likewise
 * @property {number} sender CPU of the sender
 * @property {number} alone of the event loop, where each request finds the process idle
 * @property {number} aloneCpu of all threads, likewise
 * @property {number} delay beside the event loop, likewise
 * @property {number} variation of the event loop's time, standard deviation over mean, likewise
 */

/** @returns {Promise<Cost>} */
async function costOf({ url, pid }, body) {
  const [before, ownBefore] = [usageOf(pid), ownUsage()];
  const { length } = await saturate(url, body, BUSY_CLIENTS, COST_SECONDS);
  const [busy, own] = [difference(before, usageOf(pid)), difference(ownBefore, ownUsage())];

  const singly = [];
  const end = performance.now() + 1e3 * COST_SECONDS;
  do {
    const start = usageOf(pid);
    const { seconds } = await send(url, body);
    await sleep(Math.max(10, 2e3 * seconds));
    const { loop, queued, cpu } = difference(start, usageOf(pid));
    singly.push({ loop: loop + queued, cpu, delay: seconds - loop - queued });
  } while (singly.length < MOST_ALONE && performance.now() < end);
  const loops = singly.map(({ loop }) => loop);
  return {
    loop: (busy.loop + busy.queued) / length,
    cpu: busy.cpu / length,
    sender: own.cpu / length,
    alone: mean(loops),
    aloneCpu: mean(singly.map(({ cpu }) => cpu)),
    delay: Math.max(0, median(singly.map(({ delay }) => delay))),
    variation: deviation(loops) / mean(loops),
  };
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
      for (const [rows, body] of bodies) costs.get(rows).push(await costOf(server, body));
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
function othersSince({ pid }, [usage, own, machine]) {
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

/**
 * One load, as predicted and as measured.
 * @typedef {object} Run
 * @property {string} name
 * @property {number} cpu milliseconds of a request, by the cost before and after it
 * @property {number} others cores that other processes of the machine kept busy
 * @property {boolean} isSteady whether the cost was the same before and after, and others did little
 * @property {{quantity: string, predicted: number, measured: number, isWithin?: boolean}[]} comparisons `isWithin` the
 * tolerance; left out where it is not judged
 */

/**
 * Offers loads and compares. What a request costs is measured on one process, one size, right before and after each
 * run, since on a shared machine it may double within a minute; what is held to the service is all that the simulation makes of it: how long
 * requests wait for each other, and what a second process brings on these cores. It gets the very arrivals that
 * the service gets, so that chance is the same on both sides.
 * @param {import('./plan.mjs').Coefficients} coefficients
 * @param {{directory: string, rows: number, processes: number[], rate?: number}} options without a rate, rates that
 * should keep the processes busy for the shares in UTILISATIONS, and saturation
 * @yields {Run}
 */
export async function* validate(coefficients, { directory, rows, processes, rate }) {
  const body = await bodyOf(directory, rows);
  const reference = await service.start(ENVIRONMENT);
  try {
    await saturate(reference.url, body, BUSY_CLIENTS, 2 * WARM_UP_SECONDS);
    for (const count of processes) {
      const server = await service.start({ ...ENVIRONMENT, WEB_CONCURRENCY: String(count) });
      try {
        await saturate(server.url, body, CLIENTS_A_PROCESS * count, 2 * WARM_UP_SECONDS * count);
        const runs = rate === undefined ? [...UTILISATIONS.map(openLoop), saturation] : [openLoopAt(rate)];
        for (const run of runs)
          yield await tried(() => run({ coefficients, reference, server, body, rows, count }));
      } finally {
        await server.stop();
      }
    }
  } finally {
    await reference.stop();
  }
}

/** Again where the machine changed meanwhile. */
async function tried(run) {
  let result;
  for (let i = 0; i < MOST_TRIES && !result?.isSteady; i++) result = await run();
  return result;
}

/** Costs before and after an act, and what it took. */
async function between({ reference, server, body }, act) {
  const before = await costOf(reference, body);
  const start = [usageOf(server.pid), ownUsage(), machineSeconds()];
  const answers = await act(before);
  const others = othersSince(server, start);
  const used = difference(start[0], usageOf(server.pid));
  const after = await costOf(reference, body);
  const refused = answers.filter(({ status }) => status !== 200).length;
  if (refused > 0) throw new Error(`${refused} of ${answers.length} requests were refused`);
  const cost = Object.fromEntries(
    Object.keys(before).map((name) => [name, (before[name] + after[name]) / 2]),
  );
  const isSteady = Math.abs(after.cpu / before.cpu - 1) <= STEADY && others <= QUIET_CORES;
  return { answers, used, cost, others, isSteady };
}

/** The simulation's view of this machine: its cores, of which the sender needs some as well. */
const here = (coefficients, cost, rows, count) => ({
  ...modelOf(
    coefficients,
    { rows, lineBits: Infinity, budgetBytes: Infinity, balance: 'round-robin' },
    count,
  ),
  cores: cpus().length,
  threads: (cost.cpu + cost.sender) / cost.loop,
  serviceSeconds: cost.loop,
  aloneSeconds: cost.alone,
  delaySeconds: cost.delay,
  variation: cost.variation,
});

/** Requests a second that all processes together answer. */
const mostOf = ({ processes, threads, cores, serviceSeconds }) =>
  processes / serviceSeconds / Math.max(1, (processes * threads) / cores);

const openLoop = (share) => (setting) =>
  runOpenLoop(
    setting,
    (cost) => share * mostOf(here(setting.coefficients, cost, setting.rows, setting.count)),
  );
const openLoopAt = (rate) => (setting) => runOpenLoop(setting, () => rate);

async function runOpenLoop(setting, rateBy) {
  const { coefficients, server, body, rows, count } = setting;
  let [rate, arrivals] = [0, []];
  const { answers, used, cost, others, isSteady } = await between(setting, (before) => {
    rate = rateBy(before);
    arrivals = poissonArrivals(Math.ceil(rate * VALIDATION_SECONDS), rate, generator(SEED));
    return offer(server.url, body, arrivals);
  });
  const { utilisation, seconds, latencies, alone } = simulate(
    arrivals,
    here(coefficients, cost, rows, count),
  );
  const measured = answers.map((answer) => answer.seconds);
  const busy = (100 * (used.loop + used.queued)) / used.at / count;
  return {
    name: `${named(count)}, ${rate.toFixed(1)} requests/s of ${rows.toLocaleString('en')} rows`,
    cpu: 1e3 * cost.cpu,
    others,
    isSteady,
    comparisons: [
      judged(
        'CPU a request, ms',
        1e3 * (alone * cost.aloneCpu + (1 - alone) * cost.cpu),
        (1e3 * used.cpu) / answers.length,
      ),
      judged('event loops busy, %', (100 * utilisation * seconds) / Math.max(seconds, used.at), busy),
      judged('latency, mean, ms', 1e3 * mean(latencies), 1e3 * mean(measured)),
      judged('latency, median, ms', 1e3 * median(latencies), 1e3 * median(measured)),
      compared('latency, p90, ms', 1e3 * quantile(latencies, 0.9), 1e3 * quantile(measured, 0.9)),
    ],
  };
}

async function saturation(setting) {
  const { coefficients, server, body, rows, count } = setting;
  const { answers, used, cost, others, isSteady } = await between(setting, () =>
    saturate(server.url, body, CLIENTS_A_PROCESS * count, VALIDATION_SECONDS),
  );
  return {
    name: `${named(count)}, saturated with ${rows.toLocaleString('en')} rows`,
    cpu: 1e3 * cost.cpu,
    others,
    isSteady,
    comparisons: [
      judged('CPU a request, ms', 1e3 * cost.cpu, (1e3 * used.cpu) / answers.length),
      judged('requests/s', mostOf(here(coefficients, cost, rows, count)), answers.length / used.at),
    ],
  };
}

const named = (count) => `${count} process${count > 1 ? 'es' : ''}`;
const compared = (quantity, predicted, measured) => ({ quantity, predicted, measured });
const judged = (quantity, predicted, measured) => ({
  ...compared(quantity, predicted, measured),
  isWithin: Math.abs(predicted / measured - 1) <= TOLERANCE,
});
