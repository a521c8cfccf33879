// Holds what the simulation predicts against the running service.
import { cpus } from 'node:os';
import { service } from '../contestants.mjs';
import { median, quantile } from '../measure.mjs';
import { difference, machineSeconds, offer, ownUsage, saturate, usageOf } from './load.mjs';
import {
  bodyOf,
  BUSY_CLIENTS,
  costOf,
  ENVIRONMENT,
  mean,
  othersSince,
  WARM_UP_SECONDS,
} from './measurement.mjs';
import { modelOf } from './plan.mjs';
import { generator, poissonArrivals, simulate } from './simulation.mjs';

const UTILISATIONS = [0.3, 0.6];
const SLICES = 8;
const MOST_SLICES = 16;
const SLICE_SECONDS = 5;
const CLIENTS_A_PROCESS = 3;
const SEED = 20_150_101;
const TOLERANCE = 0.2;
/** The cost of a request before and after a slice may differ by so much; otherwise it was another machine meanwhile. */
const STEADY = 0.25;
/** Cores that other processes of the machine may keep busy during a slice. */
const QUIET_CORES = 0.2;

/**
 * One load, as predicted and as measured.
 * @typedef {object} Run
 * @property {string} name
 * @property {number} cpu milliseconds of a request, by the costs before and after the slices
 * @property {number} others cores that other processes of the machine kept busy
 * @property {boolean} isSteady whether the machine stayed as it was in so many slices as it takes
 * @property {{quantity: string, predicted: number, measured: number, isWithin?: boolean}[]} comparisons `isWithin` the
 * tolerance; left out where it is not judged
 */

/**
 * Offers loads and compares. What a request costs is measured on as many services of one process as the load's has
 * processes, one at a time and all at once, right before and after each slice of a load, since on a shared machine it may
 * double within a minute; what is held to the service is all that the simulation makes of it: how long requests wait for
 * each other, and what the processes of one service bring together. It gets the very arrivals that the service gets, so that
 * chance is the same on both sides.
 * @param {import('./plan.mjs').Coefficients} coefficients
 * @param {{directory: string, rows: number, processes: number[], rate?: number}} options without a rate, rates that
 * should keep the processes busy for the shares in UTILISATIONS, and saturation
 * @yields {Run}
 */
export async function* validate(coefficients, { directory, rows, processes, rate }) {
  const body = await bodyOf(directory, rows);
  const loads = rate === undefined ? [...UTILISATIONS.map(openLoop), saturation] : [openLoopAt(rate)];
  for (const count of processes) {
    const servers = [];
    try {
      // One process is its own reference, since no two of them cost the same.
      for (const workers of [...Array(count).fill(1), ...(count > 1 ? [count] : [])]) {
        const server = await service.start({ ...ENVIRONMENT, WEB_CONCURRENCY: String(workers) });
        servers.push(server);
        await saturate(server.url, body, BUSY_CLIENTS * workers, 2 * WARM_UP_SECONDS * workers);
      }
      const [references, server] = [servers.slice(0, count), servers.at(-1)];
      for (const load of loads)
        yield await hold(load, { coefficients, references, server, body, rows, count });
    } finally {
      for (const server of servers) await server.stop();
    }
  }
}

/** @returns {Promise<Run>} */
async function hold(load, { coefficients, references, server, body, rows, count }) {
  const modelled = (cost) => here(coefficients, cost, rows, count);
  let before = await costOf(references, body);
  const { name, slice } = load(modelled(before), { url: server.url, body });
  const slices = [];
  const others = [];
  const costs = [];
  while (others.length < MOST_SLICES && slices.length < SLICES) {
    const { act, compare } = slice(others.length);
    const start = [usageOf(server.pid), ownUsage(), machineSeconds()];
    const answers = await act();
    const used = difference(start[0], usageOf(server.pid));
    others.push(othersSince(server, start));
    const refused = answers.filter(({ status }) => status !== 200).length;
    if (refused > 0) throw new Error(`${refused} of ${answers.length} requests were refused`);
    const after = await costOf(references, body);
    const cost = Object.fromEntries(
      Object.keys(before).map((each) => [each, (before[each] + after[each]) / 2]),
    );
    costs.push(cost.cpu);
    const isSteady = Math.abs(after.cpu / before.cpu - 1) <= STEADY && others.at(-1) <= QUIET_CORES;
    if (isSteady) slices.push(compare({ answers, used, cost, model: modelled(cost) }));
    before = after;
  }
  return {
    name: `${count} process${count > 1 ? 'es' : ''}, ${name} ${rows.toLocaleString('en')} rows`,
    cpu: 1e3 * mean(costs),
    others: mean(others),
    isSteady: slices.length === SLICES,
    comparisons: slices.length === 0 ? [] : middleOf(slices),
  };
}

/** Of each quantity the median of the slices, which one slice in which the machine stood still does not move. */
const middleOf = (slices) =>
  slices[0].map(({ quantity, isJudged }, i) => {
    const [predicted, measured] = ['predicted', 'measured'].map((side) =>
      median(slices.map((comparisons) => comparisons[i][side])),
    );
    const isWithin = Math.abs(predicted / measured - 1) <= TOLERANCE;
    return { quantity, predicted, measured, ...(isJudged && { isWithin }) };
  });

/** The simulation's view of this machine, on which processes at work slow each other as they were measured to. */
const here = (coefficients, cost, rows, count) => ({
  ...modelOf(
    coefficients,
    { rows, lineBits: Infinity, budgetBytes: Infinity, balance: 'round-robin' },
    count,
  ),
  cores: cpus().length,
  threads: ((cpus().length / count) * cost.crowdedLoop) / cost.loop,
  serviceSeconds: cost.loop,
  aloneSeconds: cost.alone,
  delaySeconds: cost.delay,
  variation: cost.variation,
});

/** Requests a second that all processes together answer. */
const mostOf = ({ processes, threads, cores, serviceSeconds }) =>
  processes / serviceSeconds / Math.max(1, (processes * threads) / cores);

const openLoop = (share) => (model, target) => openLoopAt(share * mostOf(model))(model, target);

const openLoopAt =
  (rate) =>
  (_, { url, body }) => ({
    name: `${rate.toFixed(1)} requests/s of`,
    slice: (i) => {
      const arrivals = poissonArrivals(Math.ceil(rate * SLICE_SECONDS), rate, generator(SEED + i));
      return {
        act: () => offer(url, body, arrivals),
        compare: ({ answers, used, cost, model }) => {
          const { utilisation, seconds, latencies, alone, crowded } = simulate(arrivals, model);
          const measured = answers.map((answer) => answer.seconds);
          const cpu = alone * cost.aloneCpu + (1 - alone) * cost.cpu + crowded * (cost.crowdedCpu - cost.cpu);
          return [
            judged('CPU a request, ms', 1e3 * cpu, (1e3 * used.cpu) / answers.length),
            judged(
              'event loops busy, %',
              (100 * utilisation * seconds) / Math.max(seconds, used.at),
              (100 * (used.loop + used.queued)) / used.at / model.processes,
            ),
            judged('latency, mean, ms', 1e3 * mean(latencies), 1e3 * mean(measured)),
            judged('latency, median, ms', 1e3 * median(latencies), 1e3 * median(measured)),
            compared('latency, p90, ms', 1e3 * quantile(latencies, 0.9), 1e3 * quantile(measured, 0.9)),
          ];
        },
      };
    },
  });

/** A closed loop that never lets a process wait for work. */
const saturation = ({ processes }, { url, body }) => ({
  name: 'saturated with',
  slice: () => ({
    act: () => saturate(url, body, CLIENTS_A_PROCESS * processes, SLICE_SECONDS),
    compare: ({ answers, used, cost, model }) => [
      judged('CPU a request, ms', 1e3 * cost.crowdedCpu, (1e3 * used.cpu) / answers.length),
      judged('requests/s', mostOf(model), answers.length / used.at),
    ],
  }),
});

const compared = (quantity, predicted, measured) => ({ quantity, predicted, measured });
const judged = (...comparison) => ({ ...compared(...comparison), isJudged: true });
