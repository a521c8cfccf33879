import { expect, it } from '@jest/globals';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { Histograms } from './histograms.js';

it('histograms report the same as those of prom-client, also summed over several processes', async () => {
  const options = [
    { name: 'one', help: 'One', buckets: [0.5, 1, 10] },
    { name: 'two', help: 'Two', buckets: [1] },
  ];
  const [ours, theirs] = [new Registry(), new Registry()];
  const histograms = new Histograms<'verb' | 'status'>(ours, options);
  const rivals = options.map((one) => new Histogram({ ...one, labelNames: ['verb', 'status'], registers: [theirs] }));
  for (const [verb, status, values] of [
    ['GET', 200, [0.5, 0.1]],
    ['GET', 200, [11, 2]],
    ['GET', 404, [0.7, 1]],
    ['PUT', 200, [1, 0]],
  ] as const) {
    const labels = { verb, status };
    histograms.observe(labels, values);
    rivals.forEach((rival, h) => rival.observe(labels, values[h] as number));
  }
  expect(await ours.metrics()).toBe(await theirs.metrics());
  const sum = async (registry: Registry) => {
    const snapshot = await registry.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([snapshot, snapshot] as never).metrics();
  };
  expect(await sum(ours)).toBe(await sum(theirs));
});
