import { USUAL_STEPS, usualStepOf } from './timeline.js';

const MOST_GAPS = 1000;
/** Missing samples are a gap if the samples around them are more usual steps apart: one, and some for rounding. */
const FARTHER = 1.5;

export type Statistics = ReturnType<typeof statisticsOf>;

/**
 * The statistics of a series; NaN if there are no samples.
 * @param x the places of the values
 * @returns `usualStep`, the median of the steps between samples; `gaps`, the first gaps, each by the points around it, which are
 *   -1 before the first and the number of points after the last
 */
export function statisticsOf(values: Float64Array, x: Float64Array) {
  let [samples, minimum, mean, maximum] = [0, NaN, NaN, NaN];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    // A sum could overflow.
    mean = samples++ === 0 ? value : mean + (value / samples - mean / samples);
    if (!(value >= minimum)) minimum = value;
    if (!(value <= maximum)) maximum = value;
  }
  const usualStep = usualStepOf(x.filter((_, i) => !Number.isNaN(values[i])));
  // There may have been a sample a step before the first point, and a step after the last.
  const [start, end] = [(x[0] ?? NaN) - usualStepOf(x), (x.at(-1) ?? NaN) + usualStepOf(x)];
  const gaps: (readonly [before: number, after: number])[] = [];
  let [gapCount, before] = [0, -1];
  for (let after = 0; after <= x.length; after++) {
    if (Number.isNaN(values[after])) continue;
    const span = (x[after] ?? end) - (x[before] ?? start);
    const isGap = after - before > 1 ? !(span <= FARTHER * usualStep) : span > USUAL_STEPS * usualStep;
    if (isGap && ++gapCount <= MOST_GAPS) gaps.push([before, after]);
    before = after;
  }
  return { samples, missing: x.length - samples, minimum, mean, maximum, usualStep, gapCount, gaps };
}
