import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeBody } from './bodies.mjs';
import {
  bareExpress,
  bareHttp,
  checkResponse,
  codec,
  flask,
  flaskNumpy,
  heavyService,
  nativeCodec,
  plainNest,
  service,
  transport,
} from './contestants.mjs';
import { contest, load, median, peakMemory, post, quantile } from './measure.mjs';

const SAMPLE = { path: join(import.meta.dirname, '../test/fixtures/sample.request.json') };
const ROWS = 1_000_000;
const SHORT_ROWS = 100_000;
const LONG_ROWS = 10_000_000;
const LONGEST_ROWS = 12_000_000;
const CAPACITY_ROWS = 86_400;
const CAPACITY_CONNECTIONS = 30;
const SAMPLE_CONNECTIONS = 16;
const PROBE_INTERVAL_MS = 5;
const PROBE_CONNECTIONS = 32;
/** After this many bodies V8 has optimized the codec. */
const CODEC_WARM_UP = 6;
const MIB = 2 ** 20;
const HEAVY_P99_MS = 20;
/** The body of band-energy. */
const HEAVY = { param: { window: 65_536, edges: [0.1, 0.3] }, series: ['x_ts', 'y_ts'] };

const OBSERVED = { ...service, start: () => service.start({ LOG_LEVEL: 'info', METRICS: 'on' }) };

/**
 * The input of a section.
 * @typedef {object} Bench
 * @property {string} directory for its bodies
 * @property {boolean} quick fewer rounds
 */

/**
 * One line of the table.
 * @typedef {{measure: string, service: string, rival?: string, ratio?: string, target?: string, pass?: boolean}} Line
 */

/** @type {Record<string, (bench: Bench) => Promise<Line[]>>} */
export const SECTIONS = {
  request,
  codec: codecAlone,
  memory,
  long,
  longest,
  probes,
  sample,
  short,
  observed,
  capacity,
};

/** The sections that a quick run leaves out unless it names them. */
export const SLOW = ['long', 'longest'];

async function request({ directory, quick }) {
  const body = await bodyOf(directory, ROWS);
  const floor = transport(ROWS);
  const results = await contest(
    directory,
    [service, flask, plainNest, floor],
    (server) => post(server, body),
    turns(quick, 7),
  );
  const line = (rival, how) => compare('1,000,000 rows, whole request', results, rival.name, seconds, how);
  return [line(flask, { inverse: true, least: 15 }), line(plainNest, { inverse: true }), line(floor, { most: 4 })];
}

async function codecAlone({ directory, quick }) {
  const { path } = await bodyOf(directory, ROWS);
  const times = async ({ output }) => {
    const lines = (await output(path, CODEC_WARM_UP + 5)).trim().split('\n');
    return lines.slice(CODEC_WARM_UP).map((milliseconds) => milliseconds / 1e3);
  };
  const results = await contest(directory, [codec, nativeCodec], times, { rounds: quick ? 1 : 3 });
  return [compare('1,000,000 rows, codec alone', results, nativeCodec.name, seconds, { most: 1 })];
}

async function memory({ directory }) {
  const body = await bodyOf(directory, ROWS);
  const results = await contest(directory, [service, flask, plainNest], async (server) => {
    await post(server, body);
    return peakMemory(server);
  });
  return [flask, plainNest].map(({ name }) =>
    compare('1,000,000 rows, peak memory of a fresh process', results, name, mebibytes, { limit: 200 * MIB }),
  );
}

async function long({ directory, quick }) {
  const body = await bodyOf(directory, LONG_ROWS);
  const peaks = await contest(directory, [service], async (server) => {
    await checkResponse(server, body);
    return peakMemory(server);
  });
  peaks.set('the body itself', { values: [body.bytes] });

  const shortBody = await bodyOf(directory, SHORT_ROWS);
  const atShort = { ...service, name: 'at 100,000 rows' };
  const timePerRow = async (server, name) => {
    if (name === service.name) return (await post(server, body)) / LONG_ROWS;
    const times = [];
    for (let request = 0; request < 11; request++) times.push(await post(server, shortBody));
    return median(times) / SHORT_ROWS;
  };
  const times = await contest(directory, [service, atShort], timePerRow, {
    warmUp: 1,
    rounds: quick ? 1 : 3,
  });
  return [
    compare('10,000,000 rows, time per row', times, atShort.name, nanoseconds, { most: 1.3 }),
    compare('10,000,000 rows, peak memory', peaks, 'the body itself', mebibytes, { limit: 650 * MIB }),
  ];
}

async function longest({ directory }) {
  const body = await bodyOf(directory, LONGEST_ROWS);
  const results = await contest(directory, [service, plainNest], async (server) => {
    const time = await post(server, body);
    await checkResponse(server, body);
    return time;
  });
  const measure = `12,000,000 rows, ${count(body.bytes)} bytes: past V8's longest string`;
  const line = compare(measure, results, plainNest.name, (time) => `right response in ${seconds(time)}`);
  return [{ ...line, target: 'right response', pass: results.get(service.name).failure === undefined }];
}

async function probes({ directory, quick }) {
  const body = await bodyOf(directory, ROWS);
  const beside = async (server, body, method) => {
    const clients = load(server, body, { method, connections: 2, seconds: quick ? 5 : 20 });
    const times = await probeWhile(clients, `${server.url}/health/live`);
    await clients;
    return times;
  };
  const results = await contest(directory, [service, plainNest], async (server) => {
    await post(server, body);
    return beside(server, body);
  });
  const heavyBody = await writeBody(join(directory, 'heavy.json'), ROWS, HEAVY);
  const heavy = await contest(directory, [heavyService], async (server) => {
    await post(server, heavyBody, heavyService.name);
    return beside(server, heavyBody, heavyService.name);
  });
  const { values, failure } = heavy.get(heavyService.name);
  const p99 = failure === undefined ? quantile(values, 0.99) : NaN;
  const line = (what, of, limit) =>
    compare(`/health/live under two clients of 1,000,000 rows, ${what}`, results, plainNest.name, milliseconds, {
      ...{ of, limit, inverse: true },
    });
  return [
    line('p99', (times) => quantile(times, 0.99), 25),
    line('worst', (times) => Math.max(...times), 150),
    {
      measure: `/health/live under two clients of ${heavyService.name} on a thread, 1,000,000 rows, p99`,
      service: failure ?? milliseconds(p99),
      target: `at most ${milliseconds(HEAVY_P99_MS)}`,
      pass: p99 <= HEAVY_P99_MS,
    },
  ];
}

/**
 * Sends probes at a fixed interval, whether or not the last one has its response: a stall counts for each probe within it. A
 * probe that fails counts as infinitely slow.
 * @returns {Promise<number[]>} milliseconds
 */
async function probeWhile(clients, url) {
  const agent = new Agent({ keepAlive: true, maxSockets: PROBE_CONNECTIONS });
  const probe = async () => {
    const start = performance.now();
    const [response] = await once(get(url, { agent }), 'response');
    await once(response.resume(), 'end');
    return response.statusCode === 200 ? performance.now() - start : Infinity;
  };
  let isLoaded = true;
  const end = () => (isLoaded = false);
  clients.then(end, end);
  const times = [];
  while (isLoaded) {
    times.push(probe().catch(() => Infinity));
    await sleep(PROBE_INTERVAL_MS);
  }
  return Promise.all(times).finally(() => agent.destroy());
}

/** The sample body, with log lines and metrics, as in production. */
async function sample(bench) {
  const rivals = [flask, flaskNumpy, plainNest, bareExpress, bareHttp];
  return sampleRates(bench, 'the four-row sample, 16 connections', [OBSERVED, ...rivals], [5, 1.3, 1.3, 0.8]);
}

/** Bodies between the sample and long ones. */
async function short(bench) {
  const lines = [];
  for (const rows of [100, 1_000]) {
    const body = await bodyOf(bench.directory, rows);
    const what = `${count(rows)} rows, ${SAMPLE_CONNECTIONS} connections`;
    lines.push(...(await sampleRates(bench, what, [OBSERVED, plainNest], [1.3], body)));
  }
  return lines;
}

/** The cost of metrics and of a log line for each request. */
function observed(bench) {
  const without = { ...service, name: 'without either', start: () => service.start({ METRICS: 'off' }) };
  return sampleRates(bench, 'the four-row sample, with log lines and metrics', [OBSERVED, without], [0.85]);
}

/** Compares the first contestant's rate with each of the others'. */
async function sampleRates({ directory, quick }, measure, contestants, targets, body = SAMPLE) {
  const duration = { connections: SAMPLE_CONNECTIONS, seconds: quick ? 2 : 5 };
  const latencies = new Map();
  const results = await contest(
    directory,
    contestants,
    async (server, name) => {
      const { rate } = await load(server, body, duration);
      // The pauses of each connection make all together send at half of the rate.
      const pauseMs = (1e3 * (SAMPLE_CONNECTIONS - 0.5)) / (rate / 2);
      const { p50, p99 } = await load(server, body, { ...duration, pauseMs });
      latencies.set(name, `${p50.toFixed(2)} and ${p99.toFixed(2)} ms`);
      return rate;
    },
    turns(quick, 5),
  );
  const format = (rate) => `${count(Math.round(rate))} requests/s`;
  const rates = contestants
    .slice(1)
    .map(({ name }, rival) => compare(measure, results, name, format, { least: targets[rival] }));
  const half = (name) => ({
    measure: `${name}: p50 and p99 at half of its rate`,
    service: latencies.get(name) ?? '',
  });
  return [...rates, ...contestants.map(({ name }) => half(name))];
}

/** The coefficients of docs/capacity.md, under load and with logs and metrics as in production. */
async function capacity({ directory, quick }) {
  const body = await bodyOf(directory, CAPACITY_ROWS);
  const duration = quick ? 3 : 10;
  const server = await service.start({ LOG_LEVEL: 'info', METRICS: 'on' });
  const peakUnder = async (connections) => {
    await load(server, body, { connections, seconds: duration });
    return peakMemory(server);
  };
  const cpuSeconds = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)[1]);
  };
  /** CPU seconds of all threads per request, each over a connection of its own, while the process is never idle. */
  const cpuOf = async (body) => {
    const clients = { connections: 2, seconds: duration, headers: ['Connection: close'] };
    await load(server, body, clients);
    const before = await cpuSeconds();
    const { requests } = await load(server, body, clients);
    return ((await cpuSeconds()) - before) / requests;
  };
  try {
    const atWork = await peakUnder(1);
    const crowded = await peakUnder(CAPACITY_CONNECTIONS);
    const perByte = (crowded - atWork) / ((CAPACITY_CONNECTIONS - 1) * body.bytes);
    const small = await cpuOf(SAMPLE);
    const large = await cpuOf(body);
    return [
      { measure: 'CPU per request', service: `${(1e3 * small).toFixed(2)} ms` },
      { measure: 'CPU per row', service: nanoseconds((large - small) / CAPACITY_ROWS) },
      { measure: 'memory of a process at work', service: mebibytes(atWork) },
      { measure: 'memory per byte in flight', service: `${perByte.toFixed(2)} B` },
    ];
  } finally {
    await server.stop();
  }
}

const bodyOf = (directory, rows) => writeBody(join(directory, `${rows}.json`), rows);

const turns = (quick, rounds) => (quick ? { warmUp: 1, rounds: 3 } : { warmUp: 3, rounds });

/**
 * Compares the service with a rival.
 * @param {string} measure
 * @param {Map<string, {values?: number[], failure?: string}>} results
 * @param {string} rival
 * @param {(value: number) => string} format
 * @param {object} [how]
 * @param {(values: number[]) => number} [how.of] reduces the values to one
 * @param {boolean} [how.inverse] divides the rival's value by the service's rather than the other way round
 * @param {number} [how.least] the least ratio that meets the target
 * @param {number} [how.most] the largest ratio that meets the target
 * @param {number} [how.limit] the largest value of the service that meets the target
 * @returns {Line}
 */
function compare(measure, results, rival, format, { of = median, inverse, least, most, limit } = {}) {
  const [ours, theirs] = [service.name, rival].map((name) => {
    const { values, failure } = results.get(name);
    return failure === undefined ? { value: of(values), text: format(of(values)) } : { value: NaN, text: failure };
  });
  const ratio = inverse ? theirs.value / ours.value : ours.value / theirs.value;
  const line = {
    measure,
    service: ours.text,
    rival: `${rival}: ${theirs.text}`,
    ratio: Number.isNaN(ratio) ? '' : `${ratio.toPrecision(3)} times${inverse ? ' faster' : ''}`,
  };
  if (limit !== undefined) return { ...line, target: `at most ${format(limit)}`, pass: ours.value <= limit };
  if (least !== undefined) return { ...line, target: `at least ${least}`, pass: ratio >= least };
  if (most !== undefined) return { ...line, target: `at most ${most}`, pass: ratio <= most };
  return line;
}

const count = (value) => value.toLocaleString('en');
const seconds = (value) => (value < 1 ? `${(1e3 * value).toFixed(0)} ms` : `${value.toFixed(2)} s`);
const milliseconds = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const nanoseconds = (value) => `${(1e9 * value).toFixed(0)} ns`;
const mebibytes = (value) => `${count(Math.round(value / MIB))} MiB`;
