import { describe, expect, it } from '@jest/globals';
import { NUMBER_STEPS, TIME_STEPS, multiples, numberLabels, rangeAround, timeLabels, timesOf } from './plot-ticks.js';

/** The step that uPlot chooses if there is room for five labels. */
const stepOf = (steps: readonly number[], span: number): number =>
  steps.find((step) => step >= 0.99 * (span / 5)) ?? Infinity;

function labels(least: number, most: number): string[] {
  const range = rangeAround(least, most);
  const step = stepOf(NUMBER_STEPS, range.max - range.min);
  return numberLabels(range, multiples(range.min, range.max, step), step);
}

const START = 1_420_066_800;
function times(from: number, span: number): string[] {
  const step = stepOf(TIME_STEPS, span);
  return timeLabels(timesOf(from, from + span, step), step);
}

describe('the range of numbers', () => {
  it('shows small differences of large numbers', () => {
    const { min, max } = rangeAround(1e9, 1e9 + 1e-4);
    expect(max - min).toBeLessThan(2e-4);
  });
});

describe('the labels of numbers', () => {
  it.each([
    [0, 1000, ['0', '500', '1000']],
    [-0.3, 0.3, ['-0.2', '0', '0.2']],
    [842.5, 842.5, ['800', '850', '900']],
    [0, 0, ['-1.0', '-0.5', '0', '0.5', '1.0']],
    [5e-324, 5e-324, ['4.6e-324', '4.8e-324', '5.0e-324', '5.2e-324', '5.4e-324']],
    [1e300, 1e300, ['0.90e300', '0.95e300', '1.00e300', '1.05e300', '1.10e300']],
    [1e-300, 3e-300, ['1.0e-300', '1.5e-300', '2.0e-300', '2.5e-300', '3.0e-300']],
    [-1.7e308, 1.7e308, ['-2e308', '-1e308', '0', '1e308', '2e308']],
  ])('from %d to %d are short', (least, most, expected) => {
    expect(labels(least, most)).toEqual(expected);
  });
});

describe('the labels of times', () => {
  it.each([
    [1e-6, '00.0000000\n2014-12-31 23:00 UTC'],
    [1e-3, '00.0000\n2014-12-31 23:00 UTC'],
    [0.1, '23:00:00.00\n2014-12-31 UTC'],
    [10, '23:00:00\n2014-12-31 UTC'],
    [3600, '23:00\n2014-12-31 UTC'],
    [86_400 * 5, '01-01\n2015 UTC'],
    [86_400 * 365, '2015-01\nUTC'],
    [86_400 * 36_525, '2020\nUTC'],
  ])('of %d seconds', (span, first) => {
    const found = times(START, span);
    expect(found[0]).toBe(first);
    expect(found.length).toBeGreaterThan(2);
    expect(found.length).toBeLessThan(9);
    expect(new Set(found).size).toBe(found.length);
  });

  it('end where the calendar does', () => {
    expect(times(-9e12, 18e12)).toEqual(['-200000\nUTC', '0000', '200000']);
  });
});
