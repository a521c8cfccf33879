// npm run capacity: what a load needs, by measured coefficients and a simulation. docs/capacity.md explains it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import setUp from '../scripts/setup.mjs';
import { measureCoefficients } from './capacity/measurement.mjs';
import {
  at,
  coresOf,
  memoryOf,
  predict,
  recommend,
  TARGET_SHED,
  TARGET_UTILISATION,
} from './capacity/plan.mjs';
import { validate } from './capacity/validation.mjs';

const COEFFICIENTS = join(import.meta.dirname, 'capacity/coefficients.json');
const MIB = 2 ** 20;

const USAGE = `usage: npm run capacity -- --sensors N --rows N --period SECONDS [options]
       npm run capacity -- --table
       npm run capacity -- --measure
       npm run capacity -- --validate [--rows N] [--processes N] [--rate REQUESTS/S]
  --arrivals   poisson (the default), or scheduled: each sensor at its own moment of each period
  --spread     of a scheduled period, the first seconds in which all sensors send; the whole of it by default
  --processes  how many to simulate, rather than as few as are enough
  --balance    round-robin (the default), random as a Kubernetes Service does it, or least-connections
  --budget     MAX_IN_FLIGHT_BYTES of a process, in MiB; 512 by default
  --line       Mbit/s of one sensor's line; no limit by default
  --p99        seconds within which 99 of 100 requests have to be answered; no limit by default
  --requests   to simulate, at least; 50000 by default
  --json       the prediction as JSON
  --table      the loads of docs/capacity.md
  --measure    measure the coefficients on this machine, and keep them; some two minutes
  --validate   hold predictions for one and two processes, or for one load of yours, against the running service
`;

const CHOICES = {
  arrivals: ['poisson', 'scheduled'],
  balance: ['round-robin', 'random', 'least-connections'],
};
const TABLE = [
  { sensors: 100, rows: 60, period: 60 },
  { sensors: 10_000, rows: 60, period: 60 },
  { sensors: 1_000, rows: 3_600, period: 3_600 },
  { sensors: 100_000, rows: 3_600, period: 3_600 },
  { sensors: 1_000, rows: 86_400, period: 3_600 },
  { sensors: 10_000, rows: 86_400, period: 3_600 },
  { sensors: 100_000, rows: 86_400, period: 3_600 },
  { sensors: 1_000, rows: 1_000_000, period: 3_600 },
];
const DEFAULTS = { arrivals: 'poisson', balance: 'round-robin', budget: 512, requests: 50_000 };
const NUMBERS = [
  'sensors',
  'rows',
  'period',
  'spread',
  'processes',
  'budget',
  'line',
  'p99',
  'requests',
  'rate',
];
const WHOLE = ['sensors', 'rows', 'processes', 'requests'];

const count = (value) => Math.round(value).toLocaleString('en');
const figure = (value) => (value >= 100 ? count(value) : Number(value.toPrecision(3)).toString());
const seconds = (value) => (value < 1 ? `${figure(1e3 * value)} ms` : `${figure(value)} s`);
const bytes = (value) => (value < MIB ? `${figure(value / 1024)} KiB` : `${figure(value / MIB)} MiB`);
const plural = (processes) => `${count(processes)} process${processes === 1 ? '' : 'es'}`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        ...Object.fromEntries(
          [...NUMBERS, ...Object.keys(CHOICES)].map((name) => [name, { type: 'string' }]),
        ),
        ...Object.fromEntries(
          ['json', 'table', 'measure', 'validate'].map((name) => [name, { type: 'boolean' }]),
        ),
      },
    });
    for (const name of NUMBERS.filter((each) => values[each] !== undefined)) {
      values[name] = Number(values[name]);
      const least = name === 'spread' || name === 'rows' ? 0 : Number.MIN_VALUE;
      if (!(values[name] >= least && values[name] <= 1e9)) throw new Error(`--${name} is no number above 0`);
      if (WHOLE.includes(name) && !Number.isInteger(values[name]))
        throw new Error(`--${name} is a whole number`);
    }
    for (const [name, choices] of Object.entries(CHOICES))
      if (values[name] !== undefined && !choices.includes(values[name]))
        throw new Error(`--${name} is one of ${choices.join(', ')}`);
    const needed = values.table || values.measure || values.validate ? [] : ['sensors', 'rows', 'period'];
    const missing = needed.find((name) => values[name] === undefined);
    if (missing !== undefined) throw new Error(`--${missing} is missing`);
    return { ...DEFAULTS, ...values };
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

function readCoefficients() {
  return JSON.parse(readFileSync(COEFFICIENTS, 'utf8')).coefficients;
}

/** @returns {import('./capacity/plan.mjs').Load} */
const loadOf = (values) => ({
  ...values,
  spread: values.spread ?? values.period,
  lineBits: values.line === undefined ? Infinity : 1e6 * values.line,
  budgetBytes: values.budget * MIB,
});

function tabulate() {
  const coefficients = readCoefficients();
  const rows = TABLE.map((values) => {
    const load = loadOf({ ...DEFAULTS, budget: 128, balance: 'random', ...values });
    const rate = load.sensors / load.period;
    const { processes, p50, p99, peakBytes } = recommend(coefficients, load);
    return [
      count(load.sensors),
      count(load.rows),
      `${count(load.period)} s`,
      figure(rate),
      `${figure((8 * rate * at(coefficients.bodyBytes, load.rows)) / 1e6)} Mbit/s`,
      figure(coresOf(coefficients, load)),
      count(processes),
      seconds(p50),
      seconds(p99),
      bytes(peakBytes),
    ];
  });
  const head = [
    'sensors',
    'rows',
    'every',
    'requests/s',
    'in',
    'cores busy',
    'replicas',
    'p50',
    'p99',
    'in flight',
  ];
  table(head, rows);
}

function plan() {
  const coefficients = readCoefficients();
  const load = loadOf(options);
  const recommended = recommend(coefficients, load, options.p99);
  const prediction =
    options.processes === undefined ? recommended : predict(coefficients, load, options.processes);
  if (options.json) {
    const shown = { ...prediction, latencies: undefined, recommended: recommended?.processes ?? null };
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  const rate = load.sensors / load.period;
  const bodyBytes = at(coefficients.bodyBytes, load.rows);
  const answerBytes = at(coefficients.answerBytes, load.rows);
  const lines = [
    [
      'load',
      `${count(load.sensors)} sensors, ${count(load.rows)} rows every ${count(load.period)} s, ${load.arrivals}`,
    ],
    ['', `${figure(rate)} requests/s, ${count(rate * load.rows)} rows/s`],
    [
      'network',
      `${figure((8 * rate * bodyBytes) / 1e6)} Mbit/s in, ${figure((8 * rate * answerBytes) / 1e6)} Mbit/s out`,
    ],
    ['a request', `${bytes(bodyBytes)}, ${seconds(at(coefficients.cpuSeconds, load.rows))} of CPU`],
    ['cores busy', figure(coresOf(coefficients, load))],
    [
      'recommended',
      recommended === undefined
        ? 'no number of processes is enough: see --budget, --spread and --p99'
        : `${plural(recommended.processes)} of a core each: at most ${100 * TARGET_UTILISATION} % busy over the period, and ${100 * TARGET_SHED} % shed`,
    ],
  ];
  if (prediction !== undefined)
    lines.push(
      [
        'simulated',
        `${count(prediction.requests)} requests over ${plural(prediction.processes)}, ${load.balance}`,
      ],
      ['event loops', `${figure(100 * prediction.utilisation)} % busy`],
      [
        'latency',
        ['mean', 'p50', 'p90', 'p99'].map((name) => `${name} ${seconds(prediction[name])}`).join(', '),
      ],
      ['shed', `${figure(100 * prediction.shed)} %`],
      ['in flight', `at most ${bytes(prediction.peakBytes)} in a process of ${options.budget} MiB`],
      ['memory', `${bytes(memoryOf(coefficients, prediction.peakBytes))} a process`],
    );
  process.stdout.write(lines.map(([name, text]) => `${name.padEnd(12)} ${text}\n`).join(''));
}

async function measure() {
  const { coefficients, fit, others } = await inDirectory(measureCoefficients);
  const machine = `${cpus()[0].model}, Node ${process.version}`;
  writeFileSync(
    COEFFICIENTS,
    `${JSON.stringify({ machine, coresTakenByOthers: others, coefficients }, rounded, 2)}\n`,
  );
  table(
    ['rows', 'loop', 'by the line', 'CPU', 'by the line'],
    fit.map(({ rows, loop, cpu }) => [
      count(rows),
      seconds(loop),
      seconds(at(coefficients.loopSeconds, rows)),
      seconds(cpu),
      seconds(at(coefficients.cpuSeconds, rows)),
    ]),
  );
  process.stdout.write(`\n${readFileSync(COEFFICIENTS, 'utf8')}`);
}

async function hold() {
  await inDirectory(async (directory) => {
    const { rows = 86_400, rate } = options;
    const processes = options.processes === undefined ? [1, 2] : [options.processes];
    const lines = [];
    for await (const { name, cpu, others, isSteady, comparisons } of validate(readCoefficients(), {
      directory,
      rows,
      processes,
      rate,
    })) {
      const change = isSteady ? '' : '; the machine was too busy or too uneven to judge by';
      process.stderr.write(
        `${name}: ${figure(cpu)} ms of CPU a request, ${figure(others)} cores taken by others${change}\n`,
      );
      for (const { quantity, predicted, measured, isWithin } of comparisons) {
        const off = `${(100 * (predicted / measured - 1)).toFixed(0)} %`;
        const verdict =
          isWithin === undefined ? '' : !isSteady ? 'not judged' : isWithin ? 'within 20 %' : 'OFF';
        lines.push([name, quantity, figure(predicted), figure(measured), off, verdict]);
        if (isWithin === false || !isSteady) process.exitCode = 1;
      }
    }
    table(['run', 'quantity', 'predicted', 'measured', 'off by', ''], lines);
  });
}

async function inDirectory(act) {
  setUp();
  const directory = mkdtempSync(join(tmpdir(), 'kasem-capacity-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  return act(directory);
}

function table(head, rows) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |\n`;
  process.stdout.write(
    [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join(''),
  );
}

/** Three digits of a coefficient are more than two runs have in common. */
function rounded(_, value) {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

const options = readOptions();
if (options.measure) await measure();
else if (options.validate) await hold();
else if (options.table) tabulate();
else plan();
