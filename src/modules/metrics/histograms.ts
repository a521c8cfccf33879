import { type Histogram, type Metric, type Registry } from 'prom-client';

/** A histogram, without its labels. */
export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

/** The number of values in each bucket and above all buckets, and their sum. */
class Distribution {
  readonly counts: number[];
  sum = 0;

  constructor(readonly buckets: readonly number[]) {
    this.counts = Array.from({ length: buckets.length + 1 }, () => 0);
  }

  add(value: number): void {
    let bucket = 0;
    while (bucket < this.buckets.length && value > (this.buckets[bucket] as number)) bucket++;
    (this.counts[bucket] as number)++;
    this.sum += value;
  }
}

/** The observations with the same label values, for each histogram. */
interface Series<Label extends string> {
  readonly labels: Readonly<Record<Label, string | number>>;
  readonly distributions: readonly Distribution[];
}

/**
 * Histograms with the same labels. prom-client looks up the labels for each histogram, which takes longer than all the rest
 * of an observation. Here one lookup serves all.
 */
export class Histograms<Label extends string> {
  private readonly series = new Map<string, Series<Label>>();

  constructor(
    registry: Registry,
    private readonly histograms: readonly HistogramOptions[],
  ) {
    histograms.forEach(({ name, help }, h) => {
      const get = () => ({
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: this.valuesOf(name, h),
      });
      // The registry needs no more of a metric.
      registry.registerMetric({ name, get } as unknown as Metric & Histogram);
    });
  }

  /** @param values one for each histogram */
  observe(labels: Series<Label>['labels'], values: readonly number[]): void {
    const key = Object.values(labels).join(' ');
    let series = this.series.get(key);
    if (series === undefined) {
      series = { labels, distributions: this.histograms.map(({ buckets }) => new Distribution(buckets)) };
      this.series.set(key, series);
    }
    series.distributions.forEach((distribution, h) => distribution.add(values[h] as number));
  }

  private valuesOf(name: string, h: number) {
    return [...this.series.values()].flatMap(({ labels, distributions }) => {
      const { buckets, counts, sum } = distributions[h] as Distribution;
      let count = 0;
      const bounds = [...buckets, '+Inf'].map((le, bucket) => {
        count += counts[bucket] as number;
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
      });
      return [
        ...bounds,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
  }
}
