import cluster from 'node:cluster';
import { type Logger } from 'pino';
import { announce } from './announce.js';
import { createApp } from './app.factory.js';
import { Supervisor } from './cluster/supervisor.js';
import { LogDestination } from './common/logging/log-destination.js';
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
  if (cluster.isWorker) return void (await serve(app));
  announce(await serve(app), environment, app.get<Logger>(PINO));
}

async function superviseWorkers(environment: Environment): Promise<void> {
  const destination = new LogDestination();
  const log = await createPino(environment, destination);
  const { registry, restarts } = restartsCounter();
  countDroppedLines(registry, destination);
  new ClusterMetrics(registry);
  new Supervisor({
    delay: environment.SHUTDOWN_DELAY_MS,
    grace: environment.SHUTDOWN_GRACE_MS,
    workers: environment.WEB_CONCURRENCY,
    onListening: ({ address, port, addressType }) =>
      announce({ address, port, family: addressType === 6 ? 'IPv6' : 'IPv4' }, environment, log),
    onDrain: (signal) => log.info({ signal }, 'the processes drain'),
    onOverdue: (worker) => log.warn({ worker }, 'a worker did not end in time and is killed'),
    onHang: (worker) => log.error({ worker }, 'a worker hangs and is killed'),
    onReplace: (death) => {
      restarts.inc();
      log.error(death, 'a worker died');
    },
  }).run();
}
