import { describe, expect, it } from '@jest/globals';
import { generator, poissonArrivals, scheduledArrivals, simulate } from './simulation.mjs';

const REQUESTS = 50_000;
const model = {
  processes: 1,
  balance: 'round-robin',
  cores: Infinity,
  threads: 1,
  serviceSeconds: 1,
  aloneSeconds: 1,
  variation: 0,
  turnSeconds: 0.05,
  bodyBytes: 1,
  budgetBytes: Infinity,
  receiveSeconds: 0,
  sendSeconds: 0,
  delaySeconds: 0,
};
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const poisson = (rate, count = REQUESTS) => poissonArrivals(count, rate, generator(7));

describe('simulate', () => {
  it('lets a request that is alone take its own time, the line of its client and the delay', () => {
    const { latencies, utilisation, peakBytes } = simulate([0, 10], {
      ...model,
      receiveSeconds: 0.25,
      sendSeconds: 0.5,
      delaySeconds: 0.125,
    });
    expect(latencies.map((latency) => latency.toFixed(6))).toEqual(['1.875000', '1.875000']);
    expect(utilisation).toBeCloseTo(2 / 11.25);
    expect(peakBytes).toBe(1);
  });

  it('is busy for the rate times the service', () => {
    for (const [rate, processes] of [
      [0.3, 1],
      [0.8, 1],
      [3, 5],
    ])
      expect(simulate(poisson(rate), { ...model, processes }).utilisation).toBeCloseTo(rate / processes, 2);
  });

  it('has the mean latency of processor sharing, S / (1 - rho), where turns are short, whatever the variation', () => {
    for (const variation of [0, 0.5, 1.5])
      for (const rate of [0.3, 0.6, 0.8]) {
        const { latencies } = simulate(poisson(rate), { ...model, variation });
        expect(mean(latencies) * (1 - rate)).toBeGreaterThan(0.93);
        expect(mean(latencies) * (1 - rate)).toBeLessThan(1.07);
      }
  });

  it('has the mean latency of first come, first served, S + rho S (1 + v²) / 2 (1 - rho), where a turn is a request', () => {
    for (const variation of [0, 1]) {
      const { latencies } = simulate(poisson(0.6), { ...model, variation, turnSeconds: 1e6 });
      const expected = 1 + (0.6 * (1 + variation ** 2)) / (2 * 0.4);
      expect(mean(latencies) / expected).toBeGreaterThan(0.95);
      expect(mean(latencies) / expected).toBeLessThan(1.05);
    }
  });

  it('sheds what the budget does not take: Erlang B for a budget of one body', () => {
    for (const rate of [0.2, 1, 4]) {
      const { shed, peakBytes } = simulate(poisson(rate), { ...model, variation: 0.5, budgetBytes: 1.5 });
      expect(shed).toBeCloseTo(rate / (1 + rate), 2);
      expect(peakBytes).toBe(1);
    }
  });

  it('counts a body until its answer has gone out to the client', () => {
    const slow = { ...model, budgetBytes: 1, sendSeconds: 5 };
    expect(simulate([0, 3], slow).shed).toBe(0.5);
    expect(simulate([0, 6.001], slow).shed).toBe(0);
  });

  it('takes the longer time for a request that finds the process idle, and counts those', () => {
    const { latencies, alone } = simulate([0, 0.5, 10], { ...model, aloneSeconds: 2, turnSeconds: 9 });
    expect(latencies).toEqual([2, 2.5, 2]);
    expect(alone).toBeCloseTo(2 / 3);
  });

  it('lets processes share cores: two that would keep three busy take half as long again on two, and alone they do not', () => {
    const shared = { ...model, processes: 2, cores: 2, threads: 1.5, turnSeconds: 0.01 };
    const both = simulate([0, 0], shared);
    for (const latency of both.latencies) expect(latency).toBeCloseTo(1.5, 1);
    expect(both.crowded).toBeCloseTo(1, 1);
    const apart = simulate([0, 10], shared);
    expect(apart.latencies.map((latency) => latency.toFixed(6))).toEqual(['1.000000', '1.000000']);
    expect(apart.crowded).toBe(0);
  });

  it('does not let the warm-up count', () => {
    expect(simulate([0, 2, 4, 6], model, { warmUp: 0.5 }).latencies).toHaveLength(2);
  });

  it('deals in turn, so that two at once meet no queue where there are two processes', () => {
    expect(simulate([0, 0], { ...model, processes: 2 }).latencies).toEqual([1, 1]);
  });

  it('finds least-connections better than round robin, and that better than chance', () => {
    const [chance, turn, least] = ['random', 'round-robin', 'least-connections'].map((balance) =>
      mean(simulate(poisson(2.8), { ...model, processes: 4, variation: 1, balance }).latencies),
    );
    expect(turn).toBeLessThan(0.9 * chance);
    expect(least).toBeLessThan(0.9 * turn);
  });

  it('says the same of the same seed', () => {
    const run = () => simulate(poisson(0.7, 1_000), { ...model, variation: 1 }, { random: generator(3) });
    expect(run()).toEqual(run());
  });
});

describe('arrivals', () => {
  it('come at the rate, one as irregular as Poisson', () => {
    const arrivals = poisson(5);
    const gaps = arrivals.slice(1).map((time, i) => time - arrivals[i]);
    expect(mean(gaps)).toBeCloseTo(0.2, 2);
    expect(mean(gaps.map((gap) => gap ** 2))).toBeCloseTo(2 * 0.2 ** 2, 2);
  });

  it('keep to the clock: each sensor once a period, within the spread', () => {
    const arrivals = scheduledArrivals(100, 60, 10, 3, generator(1));
    expect(arrivals).toHaveLength(300);
    expect(arrivals.slice(100, 200)).toEqual(arrivals.slice(0, 100).map((time) => time + 60));
    expect(Math.max(...arrivals.slice(0, 100))).toBeLessThan(10);
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
  });
});
