import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { platform } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { digestOfValues, writeBody } from './bodies.mjs';
import {
  bareExpress,
  bareHttp,
  codec,
  flask,
  flaskNumpy,
  nativeCodec,
  plainNest,
  service,
  transport,
} from './contestants.mjs';
import { curlPost, end, launch, median, peakMemory, post, quantile, takeTurns } from './measure.mjs';

const SAMPLE = join(import.meta.dirname, '../test/fixtures/sample.request.json');
/** The length that the targets are about. */
const TARGET_ROWS = 1_000_000;
const CHECKED_ROWS = 1_000;
const SHORT_ROWS = 100_000;
const LONG_ROWS = 10_000_000;
const LONGEST_ROWS = 12_000_000;
const CONNECTIONS = 16;
const PROBE_INTERVAL_MS = 5;
const PROBE_CONNECTIONS = 32;
const CAPACITY_ROWS = 86_400;
const CAPACITY_CLIENTS = 30;
const MIB = 2 ** 20;

/**
 * What all sections are given.
 * @typedef {object} Bench
 * @property {string} directory for requests and responses
 * @property {number} rows of the body that most rows of the table are about
 * @property {boolean} quick fewer rounds
 */

/**
 * One row of the table.
 * @typedef {object} Row
 * @property {string} measure
 * @property {string} service what was measured of this service
 * @property {string} rival what was measured of the rival
 * @property {number} [ratio]
 * @property {string} [unit] what the ratio says: `times faster`, `times its time`, …
 * @property {string} [target]
 * @property {boolean} [pass] left out where there is no target or no result
 */

/**
 * The sections of the table by name; `full` ones are left out of a quick run that does not name them.
 * @type {Record<string, {full?: boolean, needs?: string[], run: (bench: Bench) => Promise<Row[]>}>}
 */
export const SECTIONS = {
  request: { needs: ['curl'], run: wholeRequest },
  codec: { run: codecAlone },
  memory: { needs: ['curl'], run: memory },
  long: { needs: ['curl'], full: true, run: longBody },
  longest: { needs: ['curl'], full: true, run: longestBody },
  probes: { needs: ['curl'], run: probesUnderLoad },
  sample: { needs: ['curl', 'wrk'], run: smallBody },
  observed: { needs: ['curl', 'wrk'], run: smallBodyObserved },
  capacity: { needs: ['curl'], run: capacity },
};

/** @param {Bench} bench */
async function wholeRequest(bench) {
  const body = await bodyOf(bench, bench.rows);
  const floor = transport(body.expected.bytes);
  const results = await onServers(bench, [service, flask, plainNest, floor], (servers) =>
    takeTurns(
      new Map([...servers].map(([name, server]) => [name, () => post(server, body.path)])),
      rounds(bench, 7),
    ),
  );
  const row = (rival, how) => compare(`${count(bench.rows)} rows, whole request`, results, rival, how);
  return [
    row(flask, { faster: true, least: bench.rows === TARGET_ROWS ? 15 : undefined }),
    row(plainNest, { faster: true }),
    row(floor, { most: bench.rows === TARGET_ROWS ? 4 : undefined }),
  ];
}

/** @param {Bench} bench */
async function codecAlone(bench) {
  const results = new Map();
  const missing = nativeCodec.missing();
  if (missing !== undefined) results.set('native C++', { failure: missing });
  const programs = new Map([
    ['this service', codec],
    ...(missing === undefined ? [['native C++', nativeCodec]] : []),
  ]);

  const checked = await bodyOf(bench, CHECKED_ROWS);
  for (const [name, { command, args }] of programs) {
    const { stdout } = await promisify(execFile)(command, [...args, checked.path, '--answer']);
    assertRight(name, digestOfValues(`{"scalar":${stdout}}`), checked.expected);
  }

  const body = await bodyOf(bench, bench.rows);
  const children = new Map();
  for (const [name, { command, args }] of programs)
    children.set(name, launch(command, [...args, body.path], { stdio: ['pipe', 'pipe', 'inherit'] }));
  try {
    const timings = new Map();
    for (const [name, child] of children) {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      // A program that has died is told by its output's end.
      child.stdin.on('error', () => undefined);
      timings.set(name, async () => {
        child.stdin.write('\n');
        const { done, value } = await lines.next();
        if (done) throw new Error('ended');
        return Number(value.split(' ')[0]) / 1_000;
      });
    }
    for (const [name, result] of await takeTurns(timings, rounds(bench, 11))) results.set(name, result);
  } finally {
    for (const child of children.values()) await end(child);
  }
  const most = bench.rows === TARGET_ROWS ? 1 : undefined;
  return [compare(`${count(bench.rows)} rows, codec alone`, results, { name: 'native C++' }, { most })];
}

/** @param {Bench} bench */
async function memory(bench) {
  const measure = `${count(bench.rows)} rows, peak memory of a fresh process`;
  if (platform() !== 'linux') return [{ measure, service: 'read on Linux only', rival: '' }];
  const body = await bodyOf(bench, bench.rows);
  const peaks = new Map();
  for (const contestant of [service, flask, plainNest]) {
    const result = await onServers(
      bench,
      [contestant],
      async (servers) => {
        const server = servers.get(contestant.name);
        await post(server, body.path);
        return new Map([[contestant.name, { median: peakMemory(server.pid) }]]);
      },
      { check: false },
    ).catch((error) => new Map([[contestant.name, { failure: error.message }]]));
    for (const [name, peak] of result) peaks.set(name, peak);
  }
  const limit = bench.rows === TARGET_ROWS ? 200 * MIB : undefined;
  return [flask, plainNest].map((rival) => ({
    ...compare(measure, peaks, rival, { format: mebibytes }),
    ...underLimit(peaks.get(service.name), limit),
  }));
}

/** @param {Bench} bench */
async function longBody(bench) {
  const long = await bodyOf(bench, LONG_ROWS);
  const short = await bodyOf(bench, SHORT_ROWS);
  const server = await service.start();
  try {
    const response = join(bench.directory, 'response.json');
    await post(server, long.path, response);
    const peak = platform() === 'linux' ? peakMemory(server.pid) : undefined;
    await assertResponse(response, long.expected);
    await rm(response);

    const shortTime = async () => {
      const times = [];
      for (let request = 0; request < 11; request++) times.push(await post(server, short.path));
      return median(times) / SHORT_ROWS;
    };
    const times = await takeTurns(
      new Map([
        ['long', async () => (await post(server, long.path)) / LONG_ROWS],
        ['short', shortTime],
      ]),
      { warmUp: 1, rounds: bench.quick ? 1 : 3 },
    );
    const [longTime, rowTime] = [times.get('long'), times.get('short')];
    if (longTime.failure ?? rowTime.failure) throw new Error(longTime.failure ?? rowTime.failure);
    const ratio = longTime.median / rowTime.median;
    return [
      {
        measure: `${count(LONG_ROWS)} rows, time per row`,
        service: nanoseconds(longTime.median),
        rival: `at ${count(SHORT_ROWS)} rows: ${nanoseconds(rowTime.median)}`,
        ratio,
        unit: 'times its time',
        target: 'at most 1.3',
        pass: ratio <= 1.3,
      },
      {
        measure: `${count(LONG_ROWS)} rows, peak memory`,
        service: peak === undefined ? 'read on Linux only' : mebibytes(peak),
        rival: `the body itself: ${mebibytes(long.bytes)}`,
        ...(peak !== undefined && { ratio: peak / long.bytes, unit: 'times its bytes' }),
        ...(peak !== undefined && underLimit({ median: peak }, 650 * MIB)),
      },
    ];
  } finally {
    await server.stop();
    await forget(LONG_ROWS);
  }
}

/** @param {Bench} bench */
async function longestBody(bench) {
  const body = await bodyOf(bench, LONGEST_ROWS);
  const response = join(bench.directory, 'response.json');
  const verdictOf = async (contestant, judge) => {
    const missing = contestant.missing();
    if (missing !== undefined) return { failure: missing };
    const server = await contestant.start();
    try {
      const seconds = await post(server, body.path, response);
      await judge();
      return { median: seconds };
    } catch (error) {
      return { failure: error.message };
    } finally {
      await server.stop();
      await rm(response, { force: true });
    }
  };
  const ours = await verdictOf(service, () => assertResponse(response, body.expected));
  const theirs = await verdictOf(plainNest, () => undefined);
  await forget(LONGEST_ROWS);
  const said = ({ median: time, failure }) => failure ?? `answered in ${seconds(time)}`;
  return [
    {
      measure: `${count(LONGEST_ROWS)} rows, ${count(body.bytes)} bytes: past V8's longest string`,
      service: ours.failure ?? `right response in ${seconds(ours.median)}`,
      rival: `${plainNest.name}: ${said(theirs)}`,
      target: 'right response',
      pass: ours.failure === undefined,
    },
  ];
}

/** @param {Bench} bench */
async function probesUnderLoad(bench) {
  const body = await bodyOf(bench, bench.rows);
  const probed = async (contestant) => {
    const missing = contestant.missing();
    if (missing !== undefined) return { failure: missing };
    const server = await contestant.start();
    try {
      await post(server, body.path);
      return await probe(server, body.path, bench.quick ? 5_000 : 20_000);
    } catch (error) {
      return { failure: error.message };
    } finally {
      await server.stop();
    }
  };
  const [ours, theirs] = [await probed(service), await probed(plainNest)];
  const said = ({ failure, p99, worst }) =>
    failure ?? `p99 ${milliseconds(p99)}, worst ${milliseconds(worst)}`;
  const measured = ours.failure === undefined && theirs.failure === undefined;
  return [
    {
      measure: `/health/live while two clients post ${count(bench.rows)} rows without pause`,
      service: said(ours),
      rival: `${plainNest.name}: ${said(theirs)}`,
      ...(measured && { ratio: theirs.p99 / ours.p99, unit: 'times faster at p99' }),
      ...(bench.rows === TARGET_ROWS && {
        target: 'p99 at most 25 ms, worst at most 150 ms',
        pass: ours.failure === undefined && ours.p99 <= 25 && ours.worst <= 150,
      }),
    },
  ];
}

/**
 * Probes on a fixed beat, whether or not the last probe has been answered: a stall is counted for each probe that falls
 * into it. The clients are two processes, each with one connection.
 */
async function probe(server, body, duration) {
  const clients = startClients(2, server, body);
  const agent = new Agent({ keepAlive: true, maxSockets: PROBE_CONNECTIONS });
  const probes = [];
  const started = performance.now();
  while (performance.now() - started < duration) {
    probes.push(timeOfProbe(`${server.url}/health/live`, agent));
    await sleep(PROBE_INTERVAL_MS);
  }
  await stopClients(clients);
  const outcomes = await Promise.allSettled(probes);
  agent.destroy();

  const lost = outcomes.find(({ status }) => status === 'rejected');
  if (lost !== undefined) throw new Error(`a probe failed: ${lost.reason.message}`);
  const times = outcomes.map(({ value }) => value);
  return { p99: quantile(times, 0.99), worst: Math.max(...times) };
}

/** Processes that post a body without pause, each over one connection. `statuses` grows with each response. */
function startClients(count, { url }, body, headers = []) {
  const args = [...curlPost(body), ...headers.flatMap((header) => ['--header', header])];
  args.push('--write-out', '%{stderr}%{http_code}\n', '--output', '/dev/null');
  return Array.from({ length: count }, () => {
    const child = launch('curl', [...args, `${url}/method?request=[1-1000000]`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const statuses = [];
    createInterface({ input: child.stderr }).on('line', (status) => statuses.push(status));
    return { child, statuses };
  });
}

async function stopClients(clients) {
  for (const { child } of clients) await end(child);
  const statuses = clients.map((client) => client.statuses);
  if (statuses.some((each) => each.length === 0 || each.some((status) => status !== '200')))
    throw new Error(`the clients got ${statuses.flat().find((each) => each !== '200') ?? 'nothing'}`);
}

/** @returns {Promise<number>} milliseconds */
function timeOfProbe(url, agent) {
  const start = performance.now();
  const answered = new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the probe was answered ${response.statusCode}`));
      response.resume().once('end', () => resolve(performance.now() - start));
    }).once('error', reject);
  });
  // All probes are awaited together, later; until then a failed one has nobody who listens.
  answered.catch(() => undefined);
  return answered;
}

/** With log lines and metrics, as in production. @param {Bench} bench */
async function smallBody(bench) {
  const seconds = bench.quick ? 2 : 5;
  const observed = { ...service, start: () => service.start({ LOG_LEVEL: 'info', METRICS: 'on' }) };
  const rivals = [flask, flaskNumpy, plainNest, bareExpress, bareHttp];
  const latencies = new Map();
  const results = await onServers(bench, [observed, ...rivals], async (servers) => {
    const rates = await takeTurns(
      new Map([...servers].map(([name, server]) => [name, () => requestRate(server, seconds)])),
      rounds(bench, 5),
    );
    for (const [name, server] of servers)
      latencies.set(name, await latenciesAt(rates.get(name).median / 2, server, seconds));
    return rates;
  });
  const least = new Map([
    [flask, 5],
    [flaskNumpy, 1.3],
    [plainNest, 1.3],
    [bareExpress, 0.8],
  ]);
  const saidLatency = ({ name }) => latencies.get(name) ?? 'not measured';
  return rivals.flatMap((rival) => [
    compare(`the four-row sample, ${CONNECTIONS} connections`, results, rival, {
      least: least.get(rival),
      rate: true,
      format: (rate) => `${count(Math.round(rate))} requests/s`,
    }),
    {
      measure: 'the same at half of its own rate, p50 and p99',
      service: saidLatency(service),
      rival: `${rival.name}: ${saidLatency(rival)}`,
    },
  ]);
}

/** What a line of log a request and the metrics cost. @param {Bench} bench */
async function smallBodyObserved(bench) {
  const seconds = bench.quick ? 2 : 5;
  const observed = { ...service, start: () => service.start({ LOG_LEVEL: 'info', METRICS: 'on' }) };
  const unobserved = {
    ...service,
    name: 'without logs and metrics',
    start: () => service.start({ LOG_LEVEL: 'error', METRICS: 'off' }),
  };
  const results = await onServers(bench, [observed, unobserved], (servers) =>
    takeTurns(
      new Map([...servers].map(([name, server]) => [name, () => requestRate(server, seconds)])),
      rounds(bench, 7),
    ),
  );
  return [
    compare('the four-row sample with logs and metrics', results, unobserved, {
      least: 0.85,
      rate: true,
      format: (rate) => `${count(Math.round(rate))} requests/s`,
    }),
  ];
}

/** The coefficients of docs/capacity.md, under load and with logs and metrics as in production. @param {Bench} bench */
async function capacity(bench) {
  if (platform() !== 'linux') return [{ measure: 'capacity', service: 'read on Linux only', rival: '' }];
  const body = await bodyOf(bench, CAPACITY_ROWS);
  const seconds = bench.quick ? 3 : 10;
  const row = (measure, service) => ({ measure, service, rival: '' });
  const server = await service.start({ LOG_LEVEL: 'info', METRICS: 'on' });
  const peakUnder = async (count) => {
    const clients = startClients(count, server, body.path);
    await sleep(1_000 * seconds);
    await stopClients(clients);
    return peakMemory(server.pid);
  };
  try {
    const atWork = await peakUnder(1);
    const crowded = await peakUnder(CAPACITY_CLIENTS);
    const more = (CAPACITY_CLIENTS - 1) * body.bytes;
    const small = await cpuOfRequest(server, SAMPLE, seconds);
    const large = await cpuOfRequest(server, body.path, seconds);
    return [
      row('CPU per request', `${(1e3 * small).toFixed(2)} ms`),
      row('CPU per row', nanoseconds((large - small) / CAPACITY_ROWS)),
      row('memory of a process at work', mebibytes(atWork)),
      row('memory per byte in flight', `${((crowded - atWork) / more).toFixed(2)} B`),
    ];
  } finally {
    await server.stop();
  }
}

/** CPU seconds of all threads for one request, each over a connection of its own, where the process is never idle. */
async function cpuOfRequest(server, body, seconds) {
  const clients = startClients(2, server, body, ['Connection: close']);
  const look = async () => ({
    cpu: Number(
      /^process_cpu_seconds_total (\S+)/m.exec(await (await fetch(`${server.url}/metrics`)).text())[1],
    ),
    requests: clients.reduce((sum, { statuses }) => sum + statuses.length, 0),
  });
  await sleep(1_000 * seconds);
  const before = await look();
  await sleep(1_000 * seconds);
  const after = await look();
  await stopClients(clients);
  return (after.cpu - before.cpu) / (after.requests - before.requests);
}

/** @returns requests a second */
const requestRate = async (server, seconds) => (await postSample(server, seconds)).rate;

/** Each connection pauses before its requests, so that all together send at a rate. */
async function latenciesAt(rate, server, seconds) {
  const { p50, p99 } = await postSample(server, seconds, (1e3 * (CONNECTIONS - 0.5)) / rate);
  return `${p50.toFixed(2)} and ${p99.toFixed(2)} ms`;
}

async function postSample({ url }, seconds, delay = 0) {
  const script = join(import.meta.dirname, 'post.lua');
  const { stdout } = await promisify(execFile)(
    'wrk',
    ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, `${url}/method`],
    { env: { ...process.env, BODY: SAMPLE, DELAY: String(delay) } },
  );
  const [rate, failed, p50, p99] = /^rate (\S+) failed (\d+) p50 (\S+) p99 (\S+)$/m
    .exec(stdout)
    .slice(1)
    .map(Number);
  if (failed > 0) throw new Error(`${failed} requests failed`);
  return { rate, p50, p99 };
}

/**
 * Starts the contestants that are there, checks that each gives the right values, and measures them.
 * @param {import('./contestants.mjs').Contestant[]} contestants
 * @param {(servers: Map<string, import('./measure.mjs').Server>) => Promise<Map<string, object>>} measure
 * @returns the results by name, with the failure of each that could not take part
 */
async function onServers(bench, contestants, measure, { check = true } = {}) {
  const servers = new Map();
  const failures = new Map();
  try {
    for (const contestant of contestants) {
      const { name, missing, start } = contestant;
      try {
        const what = missing();
        if (what !== undefined) throw new Error(what);
        servers.set(name, await start());
        if (check && name !== 'transport alone') await assertRightValues(bench, name, servers.get(name));
      } catch (error) {
        failures.set(name, { failure: error.message });
        await servers.get(name)?.stop();
        servers.delete(name);
      }
    }
    return new Map([...failures, ...(await measure(servers))]);
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

async function assertRightValues(bench, name, server) {
  const { path, expected } = await bodyOf(bench, CHECKED_ROWS);
  const response = join(bench.directory, 'checked.json');
  await post(server, path, response);
  assertRight(name, digestOfValues(await readFile(response, 'utf8')), expected);
}

function assertRight(name, digest, expected) {
  if (digest !== expected.sha256) throw new Error(`${name} gives other values than it should`);
}

/** Holds a long response against what it must begin with, a piece at a time, and its end against the contract. */
async function assertResponse(path, expected) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { end: expected.bytes - 1 })) hash.update(chunk);
  assertRight(service.name, hash.digest('hex'), expected);
  let rest = '';
  for await (const chunk of createReadStream(path, { start: expected.bytes })) rest += chunk;
  if (!/^,"error":0,"log":"[^"]*"}$/.test(rest))
    throw new Error(`the response ends in ${rest.slice(0, 100)}`);
}

const bodies = new Map();

/** The file of a body, written the first time that it is asked for. */
async function bodyOf({ directory }, rows) {
  if (!bodies.has(rows)) {
    const path = join(directory, `${rows}.json`);
    const expected = await writeBody(path, rows);
    bodies.set(rows, { path, bytes: statSync(path).size, expected });
  }
  return bodies.get(rows);
}

/** Frees the disk of a body that is used once. */
async function forget(rows) {
  await rm(bodies.get(rows).path);
  bodies.delete(rows);
}

const rounds = ({ quick }, full) => (quick ? { warmUp: 1, rounds: 3 } : { warmUp: 3, rounds: full });

/**
 * A row that holds the service against a rival.
 * @param {string} measure
 * @param {Map<string, {median?: number, failure?: string}>} results
 * @param {{name: string}} rival
 * @param {object} how
 * @param {boolean} [how.faster] the ratio is how often the service's time goes into the rival's, not the other way
 * @param {boolean} [how.rate] more is better, and the ratio is of the service's to the rival's
 * @param {number} [how.least] the target
 * @param {number} [how.most] the target
 * @returns {Row}
 */
function compare(measure, results, rival, { faster, rate, least, most, format = seconds }) {
  const [ours, theirs] = [results.get(service.name), results.get(rival.name)];
  const said = ({ median: value, failure }) => failure ?? format(value);
  const target =
    least !== undefined ? `at least ${least}` : most !== undefined ? `at most ${most}` : undefined;
  const row = { measure, service: said(ours), rival: `${rival.name}: ${said(theirs)}`, target };
  if (ours.failure !== undefined) return { ...row, pass: target === undefined ? undefined : false };
  if (theirs.failure !== undefined) return row;
  const ratio = faster ? theirs.median / ours.median : ours.median / theirs.median;
  const unit = faster ? 'times faster' : rate ? 'times its rate' : 'times as much';
  const pass = least !== undefined ? ratio >= least : most !== undefined ? ratio <= most : undefined;
  return { ...row, ratio, unit, pass };
}

/** The target of a row whose limit is a number of bytes, not a ratio. */
function underLimit({ median: peak }, limit) {
  if (limit === undefined) return {};
  return { target: `at most ${mebibytes(limit)}`, pass: peak !== undefined && peak <= limit };
}

const count = (value) => value.toLocaleString('en');
const seconds = (value) => (value < 1 ? `${(1e3 * value).toFixed(0)} ms` : `${value.toFixed(2)} s`);
const milliseconds = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const nanoseconds = (value) => `${(1e9 * value).toFixed(0)} ns`;
const mebibytes = (value) => `${count(Math.round(value / MIB))} MiB`;
