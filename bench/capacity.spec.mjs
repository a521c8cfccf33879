import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const page = readFileSync(new URL('../docs/capacity.md', import.meta.url), 'utf8');
const MIB = 2 ** 20;
const BUDGET = 128 * MIB;
const TARGET_UTILISATION = 0.6;
const TARGET_SHED = 0.001;

/** A coefficient of the page, without its unit. */
const coefficient = (name) => Number(new RegExp(`^\\| ${name} +\\| ([\\d.]+) `, 'm').exec(page)?.[1]);
const [cpuRequest, cpuRow] = [coefficient('CPU per request') / 1e3, coefficient('CPU per row') / 1e9];
const bodyRow = coefficient('body per row');
const process = coefficient('memory of a process at work') * MIB;
const memoryOfByte = coefficient('memory per byte in flight');

/** The columns of a load by the formulas of the page. */
function planOf(sensors, rows, period) {
  const rate = sensors / period;
  const seconds = cpuRequest + cpuRow * rows;
  const body = bodyRow * rows;
  const inFlight = (utilisation) => body * Math.ceil(Math.log(TARGET_SHED) / Math.log(utilisation));
  let replicas = 1;
  const utilisation = () => (rate * seconds) / replicas;
  while (utilisation() > TARGET_UTILISATION || inFlight(utilisation()) > BUDGET) replicas++;
  const held = inFlight(utilisation());
  return [
    ...[rate, (8 * rate * body) / 1e6, rate * seconds, replicas],
    ...[(1e3 * seconds) / (1 - utilisation()), held / MIB, (process + memoryOfByte * held) / MIB],
  ].map((value) => Number(value.toPrecision(3)));
}

const loads = page
  .split('\n')
  .filter((line) => /^\| [\d,]+ +\| [\d,]+ +\|/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => Number(cell.replaceAll(',', ''))),
  );

it('has loads up to 100,000 sensors', () => {
  expect(loads.length).toBeGreaterThan(5);
  expect(Math.max(...loads.map(([sensors]) => sensors))).toBe(100_000);
});

it.each(loads)('plans %d sensors with %d rows every %d seconds by the formulas', (...load) => {
  const [sensors, rows, period, ...planned] = load;
  expect(planned).toEqual(planOf(sensors, rows, period));
});
