import cluster, { type Worker } from 'node:cluster';
import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client';

import { tellPrimary, tellWorker } from './worker.js';

/** The metrics of one process. */
type Snapshot = MetricObjectWithValues<MetricValue<string>>[];

/** What passes between a worker that is scraped, the primary process, and all workers. */
type Message =
  | { readonly type: 'metrics.scrape' }
  | { readonly type: 'metrics.collect'; readonly round: number }
  | { readonly type: 'metrics.snapshot'; readonly round: number; readonly snapshot: Snapshot }
  | { readonly type: 'metrics.exposition'; readonly text: string };

/** How long to wait for a worker that is stopped or busy. */
const COLLECT_MS = 1_000;

/** The text for a scrape: the metrics of all processes. */
export async function exposition(registry: Registry): Promise<string> {
  if (!cluster.worker?.isConnected()) return registry.metrics();
  return new Promise((resolve) => {
    const settle = (text: string | Promise<string>) => {
      process.off('message', listen).off('disconnect', onDisconnect);
      resolve(text);
    };
    const listen = (message: Message) => {
      if (message.type === 'metrics.exposition') settle(message.text);
    };
    const onDisconnect = () => settle(registry.metrics());
    process.on('message', listen).on('disconnect', onDisconnect);
    tellPrimary({ type: 'metrics.scrape' } satisfies Message);
  });
}

/** In a worker: sends its metrics whenever the primary process asks. */
export function respondToCollections(registry: Registry): void {
  process.on('message', (message: Message) => {
    if (message.type !== 'metrics.collect') return;
    void registry
      .getMetricsAsJSON()
      .then((snapshot) =>
        tellPrimary({ type: 'metrics.snapshot', round: message.round, snapshot } satisfies Message),
      );
  });
}

/**
 * In the primary process: sums the metrics of all workers. For a worker that does not respond, its last metrics count. The
 * counters of dead workers stay in the sum, so that no sum ever falls.
 */
export class ClusterMetrics {
  private readonly latest = new Map<number, Snapshot>();
  private retired: Snapshot = [];
  private round = 0;

  /** @param own the primary process' own metrics */
  constructor(private readonly own: Registry) {
    cluster.on('message', (worker: Worker, message: Message) => {
      if (message.type === 'metrics.snapshot') this.latest.set(worker.id, message.snapshot);
      if (message.type === 'metrics.scrape')
        void this.exposition().then((text) => {
          tellWorker(worker, { type: 'metrics.exposition', text } satisfies Message);
        });
    });
    cluster.on('exit', (worker) => void this.retire(worker.id));
  }

  private async exposition(): Promise<string> {
    await this.collect();
    const snapshots = [...this.latest.values(), this.retired, await this.own.getMetricsAsJSON()];
    return AggregatorRegistry.aggregate(snapshots).metrics();
  }

  /** Waits until all workers have answered, or for COLLECT_MS. */
  private async collect(): Promise<void> {
    const round = ++this.round;
    const awaited = new Set<number>();
    for (const worker of Object.values(cluster.workers ?? {}))
      if (worker?.isConnected()) {
        awaited.add(worker.id);
        tellWorker(worker, { type: 'metrics.collect', round } satisfies Message);
      }
    await new Promise<void>((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        cluster.off('message', listen).off('disconnect', gone);
        resolve();
      };
      const gone = (worker: Worker) => {
        awaited.delete(worker.id);
        if (awaited.size === 0) settle();
      };
      const listen = (worker: Worker, message: Message) => {
        if (message.type === 'metrics.snapshot' && message.round === round) gone(worker);
      };
      const timer = setTimeout(settle, COLLECT_MS);
      cluster.on('message', listen).on('disconnect', gone);
      if (awaited.size === 0) settle();
    });
  }

  private async retire(id: number): Promise<void> {
    const last = this.latest.get(id) ?? [];
    this.latest.delete(id);
    const counted = last.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
    const together = AggregatorRegistry.aggregate([this.retired, counted] as never);
    this.retired = await together.getMetricsAsJSON();
  }
}
