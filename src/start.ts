import cluster from 'node:cluster';
import { type Logger } from 'pino';
import { Registry } from 'prom-client';
import { announce } from './announce.js';
import { createApp } from './app.factory.js';
import { Supervisor } from './cluster/supervisor.js';
import { tellPrimary, type ClusterMessage } from './cluster/worker.js';
import { LogDestination } from './common/logging/log-destination.js';
import { Methods, type ExampleCall } from './common/method/methods.js';
import { loadEnvironment } from './modules/config/config.module.js';
import { type Environment } from './common/config/environment.js';
import { createPino, PINO } from './modules/logging/pino.js';
import { ClusterMetrics } from './cluster/cluster-metrics.js';
import { countDroppedLines, restartsCounter } from './modules/metrics/metrics.js';
import { serve } from './serve.js';

/** Starts one process, or several that share the port. */
export async function start(): Promise<void> {
  const environment = await loadEnvironment();
  if (environment.WEB_CONCURRENCY > 1 && cluster.isPrimary) return superviseWorkers(environment);
  const app = await createApp(environment);
  // Comes before `serve`, so that an error of a module does not count as a fault of the address.
  await app.init();
  const { example } = app.get(Methods);
  // The primary process announces the start, but has no methods.
  if (cluster.isWorker) tellPrimary({ type: 'example', ...(example && { example }) });
  const address = await serve(app);
  if (!cluster.isWorker) announce(address, environment, app.get<Logger>(PINO), example);
}

async function superviseWorkers(environment: Environment): Promise<void> {
  const destination = new LogDestination();
  process.once('exit', () => destination.writeLines());
  const log = await createPino(environment, destination);
  const registry = new Registry();
  const restarts = restartsCounter(registry);
  countDroppedLines(registry, destination);
  new ClusterMetrics(registry);
  let example: ExampleCall | undefined;
  cluster.on('message', (_, message: ClusterMessage) => {
    if (message.type === 'example') ({ example } = message);
  });
  new Supervisor({
    delay: environment.SHUTDOWN_DELAY_MS,
    grace: environment.SHUTDOWN_GRACE_MS,
    workers: environment.WEB_CONCURRENCY,
    onListening: ({ address, port, addressType }) =>
      announce({ address, port, family: addressType === 6 ? 'IPv6' : 'IPv4' }, environment, log, example),
    onDrain: (signal) => log.info({ signal }, 'draining'),
    onOverdue: (worker) => log.warn({ worker }, 'killing a worker that did not exit in time'),
    onHang: (worker) => log.error({ worker }, 'killing a worker that hangs'),
    onReplace: (death) => {
      restarts.inc();
      log.error(death, 'a worker died');
    },
  }).run();
}
