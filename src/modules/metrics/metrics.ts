import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { type MalformedRequest } from '../../common/http/malformed-request.js';
import { type RequestContext, type RequestObserver } from '../../common/http/request-context.js';
import { LogDestination } from '../../common/logging/log-destination.js';
import { BodyBudget } from '../../common/method/body-budget.js';
import { MethodThreads } from '../../common/method/method-threads.js';
import { Environment } from '../../common/config/environment.js';
import { VERSION } from '../../version.js';
import { Histograms } from './histograms.js';
import { respondToCollections } from '../../cluster/cluster-metrics.js';

/** Seconds: from probes, which take less than a millisecond, to the largest bodies. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Counts the deaths of workers. Only the primary process counts; in all others it is 0. */
export const restartsCounter = (registry: Registry): Counter =>
  new Counter({
    name: 'kasem_worker_restarts_total',
    help: 'Processes that died and were replaced',
    registers: [registry],
  });

/** Metrics whose values are read at each scrape. */
const observed = (registry: Registry) => ({
  gauge: (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    }),
  counter: (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    }),
});

/** Counts the log lines that this process could not write. */
export function countDroppedLines(registry: Registry, destination: LogDestination): void {
  const help = 'Log lines that were dropped because the standard output did not take them';
  observed(registry).counter('kasem_log_lines_dropped_total', help, () => destination.dropped);
}

function observeBudget(registry: Registry, budget: BodyBudget): void {
  const { gauge, counter } = observed(registry);
  gauge('kasem_in_flight_bytes', 'Bytes of all bodies in flight', () => budget.inFlightBytes);
  gauge('kasem_in_flight_budget_bytes', 'The most bytes of bodies that may be in flight', () => budget.limitBytes);
  counter(
    'kasem_shed_requests_total',
    'Requests refused because their body would have passed the budget',
    () => budget.shed,
  );
}

function observeThreads(registry: Registry, threads: MethodThreads): void {
  const { gauge, counter } = observed(registry);
  gauge('kasem_thread_queue_length', 'Runs of methods that wait for a thread', () => threads.queueLength);
  gauge('kasem_thread_running', 'Runs of methods on a thread', () => threads.running);
  counter('kasem_thread_runs_total', 'Runs of methods on a thread that ended', () => threads.runs);
  counter('kasem_thread_run_seconds_total', 'Seconds that these runs took, without waiting', () => threads.seconds);
  counter(
    'kasem_thread_kills_total',
    'Threads ended because of a deadline, or because the client went away',
    () => threads.kills,
  );
}

/** The verbs of RFC 9110 and PATCH. Others share a label, so that clients can't create series at will. */
const VERBS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

type HttpLabel = 'http_request_method' | 'http_route' | 'http_response_status_code' | 'url_scheme';

/**
 * The metrics of one process. The names of http_* follow OpenTelemetry's semantic conventions for HTTP servers, in
 * Prometheus' spelling: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
@Injectable()
export class Metrics implements RequestObserver {
  readonly registry = new Registry();
  /** Of durations, and of the sizes of requests and responses. */
  private readonly histograms: Histograms<HttpLabel>;
  private readonly active: Gauge<'http_request_method' | 'url_scheme'>;
  private readonly calls: Counter<'method' | 'outcome' | 'error'>;
  private readonly rows: Counter<'method'>;

  constructor(
    { MAX_BODY_BYTES }: Environment,
    budget: BodyBudget,
    threads: MethodThreads,
    destination: LogDestination,
  ) {
    const registers = [this.registry];
    const sizeBuckets = bucketsUpTo(MAX_BODY_BYTES);
    collectDefaultMetrics({ register: this.registry });
    for (const metric of this.registry.getMetricsAsArray()) {
      // `promtool check metrics` warns about a gauge with the name of a counter.
      if (metric instanceof Gauge && metric.name.endsWith('_total')) this.registry.removeSingleMetric(metric.name);
      // With several processes the slowest one counts, not the average.
      if (metric.aggregator === 'average') metric.aggregator = 'max';
    }
    restartsCounter(this.registry);
    countDroppedLines(this.registry, destination);

    this.histograms = new Histograms(this.registry, [
      {
        name: 'http_server_request_duration_seconds',
        help: 'Duration of HTTP server requests',
        buckets: DURATION_BUCKETS,
      },
      {
        name: 'http_server_request_body_size_bytes',
        help: 'Size of HTTP server request bodies as received',
        buckets: sizeBuckets,
      },
      {
        name: 'http_server_response_body_size_bytes',
        help: 'Size of HTTP server response bodies',
        buckets: sizeBuckets,
      },
    ]);
    this.active = new Gauge({
      name: 'http_server_active_requests',
      help: 'Number of HTTP server requests in flight',
      labelNames: ['http_request_method', 'url_scheme'],
      registers,
    });
    this.calls = new Counter({
      name: 'kasem_method_calls_total',
      help: 'Responses in the form of the contract, by the first path of their method, outcome and error code',
      labelNames: ['method', 'outcome', 'error'],
      registers,
    });
    this.rows = new Counter({
      name: 'kasem_method_rows_total',
      help: 'Rows of the bodies that were read',
      labelNames: ['method'],
      registers,
    });
    observeBudget(this.registry, budget);
    observeThreads(this.registry, threads);
    new Gauge({
      name: 'kasem_build_info',
      help: 'Always 1; the version is its label',
      labelNames: ['version'],
      aggregator: 'max',
      registers,
    }).set({ version: VERSION }, 1);
    if (cluster.isWorker) respondToCollections(this.registry);
  }

  begun({ request }: RequestContext): void {
    this.active.inc({ http_request_method: verb(request.method), url_scheme: 'http' });
  }

  ended(context: RequestContext): void {
    const { request, response, call, error, bytesIn, responseBytes } = context;
    const http_request_method = verb(request.method);
    this.active.dec({ http_request_method, url_scheme: 'http' });

    const labels = {
      http_request_method,
      http_route: routeOf(context),
      http_response_status_code: context.isComplete ? response.statusCode : 'none',
      url_scheme: 'http',
    };
    this.histograms.observe(labels, [context.duration / 1_000, bytesIn, responseBytes]);
    if (error !== undefined || call !== undefined)
      this.calls.inc({ method: call?.method ?? '', outcome: outcomeOf(context), error: error ?? '' });
    if (call !== undefined) this.rows.inc({ method: call.method }, call.rows);
  }

  malformed({ error }: MalformedRequest): void {
    this.calls.inc({ method: '', outcome: 'refused', error: error.code });
  }
}

const verb = (method: string): string => (VERBS.has(method) ? method : '_OTHER');

/** The pattern, not the path, so that clients can't create series at will. */
function routeOf({ request }: RequestContext): string {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : '';
}

/** `refused` is the client's fault, `failed` the service's. */
function outcomeOf({ isComplete, error, response }: RequestContext): string {
  if (!isComplete) return 'abandoned';
  if (error === 0) return 'success';
  return response.statusCode < 500 || response.statusCode === 501 ? 'refused' : 'failed';
}

/** 256 bytes, then each four times the last, up to at least the longest body. */
function bucketsUpTo(longest: number): number[] {
  const buckets = [256];
  while ((buckets.at(-1) as number) < longest) buckets.push((buckets.at(-1) as number) * 4);
  return buckets;
}
