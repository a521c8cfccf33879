import { describe, expect, it } from '@jest/globals';
import { coresOf, fitLine, memoryOf, predict, recommend, TARGET_SHED } from './plan.mjs';

/** Round figures, so that what follows from them can be worked out by hand. */
const coefficients = {
  loopSeconds: { fixed: 1e-3, row: 2e-7 },
  aloneSeconds: { fixed: 1e-3, row: 2e-7 },
  cpuSeconds: { fixed: 2e-3, row: 3e-7 },
  delaySeconds: { fixed: 0, row: 0 },
  variation: 0,
  bodyBytes: { fixed: 100, row: 50 },
  answerBytes: { fixed: 200, row: 30 },
  processBytes: 100e6,
  bytesAByte: 0.5,
};
const load = {
  sensors: 1_000,
  rows: 100_000,
  period: 60,
  arrivals: 'poisson',
  spread: 60,
  requests: 10_000,
  lineBits: Infinity,
  budgetBytes: 512e6,
  balance: 'round-robin',
};

describe('fitLine', () => {
  it('finds a line, and one between where there is none, by relative errors', () => {
    const { fixed, row } = fitLine([1, 10, 1_000, 1e6].map((rows) => [rows, 3 + 0.5 * rows]));
    expect(fixed).toBeCloseTo(3);
    expect(row).toBeCloseTo(0.5);
    const noisy = fitLine([
      [0, 1],
      [0, 1.1],
      [1e6, 1e6],
      [1e6, 1.1e6],
    ]);
    expect(noisy.fixed).toBeGreaterThan(1);
    expect(noisy.row).toBeLessThan(1.1);
  });
});

describe('the plan', () => {
  it('knows the cores that a load keeps busy', () => {
    expect(coresOf(coefficients, load)).toBeCloseTo((1_000 / 60) * 0.032);
  });

  it('recommends as few processes as are at most 60 % busy', () => {
    expect(recommend(coefficients, load)?.processes).toBe(1);
    expect(recommend(coefficients, { ...load, sensors: 10_000 })?.processes).toBe(9);
  });

  it('recommends more where sensors send at the same time, and as few of them as shed hardly anything', () => {
    const burst = { ...load, sensors: 1_000, requests: 1_000, arrivals: 'scheduled', spread: 1 };
    const { processes } = recommend(coefficients, { ...burst, budgetBytes: 50e6 });
    expect(processes).toBeGreaterThan(5);
    expect(predict(coefficients, { ...burst, budgetBytes: 50e6 }, processes).shed).toBeLessThanOrEqual(
      TARGET_SHED,
    );
    expect(predict(coefficients, { ...burst, budgetBytes: 50e6 }, processes - 1).shed).toBeGreaterThan(
      TARGET_SHED,
    );
  });

  it('recommends more for a shorter latency', () => {
    const random = { ...load, sensors: 20_000, balance: 'random' };
    const { processes, p99 } = recommend(coefficients, random);
    expect(recommend(coefficients, random, p99 / 2).processes).toBeGreaterThan(processes);
  });

  it('recommends nothing where a body is larger than the budget, or the latency shorter than a request', () => {
    expect(recommend(coefficients, { ...load, budgetBytes: 1e6 })).toBeUndefined();
    expect(recommend(coefficients, { ...load, requests: 100 }, 0.001)).toBeUndefined();
  });

  it('counts the memory of a process and of what is in flight', () => {
    expect(memoryOf(coefficients, 10e6)).toBe(105e6);
  });
});
