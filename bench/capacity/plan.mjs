// What a load needs, by the coefficients and the simulation. Pure.
import { quantile } from '../measure.mjs';
import { generator, poissonArrivals, scheduledArrivals, simulate } from './simulation.mjs';

/** Of a core: what deploy/kubernetes scales to. */
export const TARGET_UTILISATION = 0.6;
/** The share of requests that may be told to come again. */
export const TARGET_SHED = 0.001;
const MOST_PROCESSES = 2_000;
const WARM_UP = 0.1;
const SEED = 20_150_101;

/**
 * A line with a fixed part and one for each row.
 * @typedef {{fixed: number, row: number}} Line
 */

/**
 * Measured by `npm run capacity -- --measure`.
 * @typedef {object} Coefficients
 * @property {Line} loopSeconds of the event loop for a request while it is at work: what others wait for
 * @property {Line} aloneSeconds the same for a request that finds it idle
 * @property {Line} cpuSeconds of all threads for a request: what cores are needed for
 * @property {Line} delaySeconds beside the event loop, with a client on the same machine
 * @property {number} variation of loopSeconds, standard deviation over mean
 * @property {Line} bodyBytes
 * @property {Line} answerBytes
 * @property {number} processBytes resident, of a process that has been at work for a while, with nothing in flight
 * @property {number} bytesAByte of resident memory for a byte in flight
 */

/**
 * @typedef {object} Load
 * @property {number} sensors
 * @property {number} rows a request
 * @property {number} period seconds from a sensor's request to its next
 * @property {'poisson' | 'scheduled'} arrivals
 * @property {number} spread seconds of the period in which scheduled sensors send
 * @property {number} requests to simulate, at least
 * @property {number} lineBits bits a second of one client's line; Infinity where it is no limit
 * @property {number} budgetBytes MAX_IN_FLIGHT_BYTES
 * @property {import('./simulation.mjs').Model['balance']} balance
 */

/** @param {Line} line @param {number} rows */
export const at = ({ fixed, row }, rows) => fixed + row * rows;

/** The line of least squared relative errors that does not fall. @param {[rows: number, value: number][]} points @returns {Line} */
export function fitLine(points) {
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / y ** 2;
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wy += weight * y;
    wxy += weight * x * y;
  }
  const row = Math.max(0, (w * wxy - wx * wy) / (w * wxx - wx ** 2));
  return { fixed: (wy - row * wx) / w, row };
}

/**
 * What one request is to the simulation.
 * @param {Coefficients} coefficients
 * @param {Load} load
 * @param {number} processes
 * @returns {import('./simulation.mjs').Model}
 */
export function modelOf(coefficients, { rows, lineBits, budgetBytes, balance }, processes) {
  const bodyBytes = at(coefficients.bodyBytes, rows);
  return {
    processes,
    cores: Infinity,
    threads: 1,
    balance,
    budgetBytes,
    bodyBytes,
    aloneSeconds: at(coefficients.aloneSeconds, rows),
    serviceSeconds: at(coefficients.loopSeconds, rows),
    variation: coefficients.variation,
    // The loop is given back after 256 KiB of a body, and of an answer.
    turnSeconds:
      (coefficients.loopSeconds.row * 2 ** 18) / (coefficients.bodyBytes.row + coefficients.answerBytes.row),
    receiveSeconds: (8 * bodyBytes) / lineBits,
    sendSeconds: (8 * at(coefficients.answerBytes, rows)) / lineBits,
    delaySeconds: at(coefficients.delaySeconds, rows),
  };
}

/**
 * @param {Coefficients} coefficients
 * @param {Load} load
 * @param {number} processes
 */
export function predict(coefficients, load, processes) {
  const random = generator(SEED);
  const rate = load.sensors / load.period;
  const periods = Math.ceil(load.requests / load.sensors);
  const arrivals =
    load.arrivals === 'poisson'
      ? poissonArrivals(load.requests, rate, random)
      : scheduledArrivals(load.sensors, load.period, load.spread, periods, random);
  const outcome = simulate(arrivals, modelOf(coefficients, load, processes), { random, warmUp: WARM_UP });
  const { latencies } = outcome;
  return {
    ...outcome,
    processes,
    requests: arrivals.length,
    mean: latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length,
    ...Object.fromEntries([50, 90, 99].map((p) => [`p${p}`, quantile(latencies, p / 100)])),
  };
}

/** The cores that a load keeps busy. @param {Coefficients} coefficients @param {Load} load */
export const coresOf = (coefficients, { sensors, period, rows }) =>
  (sensors / period) * at(coefficients.cpuSeconds, rows);

/**
 * The fewest processes that stay below the targets, and keep to a latency.
 * @param {Coefficients} coefficients
 * @param {Load} load
 * @param {number} [p99] seconds
 * @returns what is predicted for them, or undefined where no number of processes is enough
 */
export function recommend(coefficients, load, p99 = Infinity) {
  if (load.budgetBytes < at(coefficients.bodyBytes, load.rows)) return undefined;
  const tryWith = (processes) => {
    const prediction = predict(coefficients, load, processes);
    return prediction.shed <= TARGET_SHED && prediction.p99 <= p99 ? prediction : undefined;
  };
  let least = Math.max(1, Math.ceil(coresOf(coefficients, load) / TARGET_UTILISATION));
  let enough = tryWith(least);
  // Twice as many until they are enough, then half the distance until there is none.
  let tooFew = least - 1;
  while (enough === undefined && least < MOST_PROCESSES) {
    tooFew = least;
    least = Math.min(2 * least, MOST_PROCESSES);
    enough = tryWith(least);
  }
  while (enough !== undefined && enough.processes - tooFew > 1) {
    const middle = Math.floor((tooFew + enough.processes) / 2);
    const better = tryWith(middle);
    if (better === undefined) tooFew = middle;
    else enough = better;
  }
  return enough;
}

/**
 * Resident memory of one process with so much in flight.
 * @param {Coefficients} coefficients
 * @param {number} bytes
 */
export const memoryOf = ({ processBytes, bytesAByte }, bytes) => processBytes + bytesAByte * bytes;
