import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { tellPrimary, tellWorker, type ClusterMessage, type Snapshot } from './worker.js';

/** How long to wait for a worker that is stopped or busy. */
const COLLECT_MS = 1_000;

/** The metrics of all processes, in Prometheus' text format. */
export async function exposition(registry: Registry): Promise<string> {
  if (!cluster.worker?.isConnected()) return registry.metrics();
  return new Promise((resolve) => {
    const settle = (text: string | Promise<string>) => {
      process.off('message', listen).off('disconnect', onDisconnect);
      resolve(text);
    };
    const listen = (message: ClusterMessage) => {
      if (message.type === 'metrics.exposition') settle(message.text);
    };
    const onDisconnect = () => settle(registry.metrics());
    process.on('message', listen).on('disconnect', onDisconnect);
    tellPrimary({ type: 'metrics.scrape' });
  });
}

/** In a worker: sends its metrics whenever the primary process asks. */
export function respondToCollections(registry: Registry): void {
  process.on('message', (message: ClusterMessage) => {
    if (message.type !== 'metrics.collect') return;
    void registry
      .getMetricsAsJSON()
      .then((snapshot) => tellPrimary({ type: 'metrics.snapshot', round: message.round, snapshot }));
  });
}

/**
 * In the primary process: sums the metrics of all workers. If a worker does not respond, its last metrics count. Counters of
 * dead workers stay in the sum, so that it never decreases.
 */
export class ClusterMetrics {
  private readonly latest = new Map<number, Snapshot>();
  private retired: Promise<Snapshot> = Promise.resolve([]);
  private round = 0;

  /** @param own the primary process' own metrics */
  constructor(private readonly own: Registry) {
    cluster.on('message', (worker: Worker, message: ClusterMessage) => {
      if (message.type === 'metrics.snapshot') this.latest.set(worker.id, message.snapshot);
      if (message.type === 'metrics.scrape')
        void this.exposition().then((text) => {
          tellWorker(worker, { type: 'metrics.exposition', text });
        });
    });
    cluster.on('exit', (worker) => this.retire(worker.id));
  }

  private async exposition(): Promise<string> {
    await this.collect();
    const snapshots = [...this.latest.values(), await this.retired, await this.own.getMetricsAsJSON()];
    return AggregatorRegistry.aggregate(snapshots).metrics();
  }

  /** Asks all workers for their metrics, and waits for COLLECT_MS at most. */
  private async collect(): Promise<void> {
    const round = ++this.round;
    const awaited = new Set<number>();
    for (const worker of Object.values(cluster.workers ?? {}))
      if (worker?.isConnected()) {
        awaited.add(worker.id);
        tellWorker(worker, { type: 'metrics.collect', round });
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
      const listen = (worker: Worker, message: ClusterMessage) => {
        if (message.type === 'metrics.snapshot' && message.round === round) gone(worker);
      };
      const timer = setTimeout(settle, COLLECT_MS);
      cluster.on('message', listen).on('disconnect', gone);
      if (awaited.size === 0) settle();
    });
  }

  /** Adds the counters of a worker to the sum of the workers that exited before it. One at a time, so that none is lost. */
  private retire(id: number): void {
    const last = this.latest.get(id) ?? [];
    this.latest.delete(id);
    const counted = last.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
    this.retired = this.retired.then((before) =>
      AggregatorRegistry.aggregate([before, counted] as never).getMetricsAsJSON(),
    );
  }
}
