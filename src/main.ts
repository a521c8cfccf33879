import cluster from 'node:cluster';
import { announce } from './announce.js';
import { createApp } from './app.factory.js';
import { Supervisor } from './common/lifecycle/supervisor.js';
import { loadEnvironment } from './modules/config/config.module.js';
import { EnvironmentError, type Environment } from './modules/config/environment.js';
import { createPino } from './modules/logging/pino.js';
import { ClusterMetrics } from './modules/metrics/cluster-metrics.js';
import { restartsCounter } from './modules/metrics/metrics.js';
import { drainTimes, serve } from './serve.js';

try {
  if (cluster.isWorker) await serve(await createApp());
  else await start(await loadEnvironment());
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}

async function start(environment: Environment): Promise<void> {
  const log = await createPino(environment);
  if (environment.WEB_CONCURRENCY === 1) announce(await serve(await createApp()), environment, log);
  else superviseWorkers(environment, log);
}

function superviseWorkers(environment: Environment, log: Awaited<ReturnType<typeof createPino>>): void {
  const { registry, restarts } = restartsCounter();
  new ClusterMetrics(registry);
  new Supervisor({
    ...drainTimes(environment),
    workers: environment.WEB_CONCURRENCY,
    onListening: ({ address, port, addressType }) =>
      announce({ address, port, family: addressType === 6 ? 'IPv6' : 'IPv4' }, environment, log),
    onDrain: (signal) => log.info({ signal }, 'the processes drain'),
    onOverdue: (worker) => log.warn({ worker }, 'a worker did not end in time and is killed'),
    onDeath: (death) => {
      restarts.inc();
      log.error(death, 'a worker died');
    },
  }).run();
}

/** What a person needs to know of a start that failed, one line a cause, without a stack. */
function reason(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  const { code, message, address, hostname, port } = error as NodeJS.ErrnoException &
    Record<'address' | 'hostname' | 'port', string>;
  if (code === 'EADDRINUSE')
    return `PORT: ${port} at ${address} is taken by another process; set PORT to a free one`;
  if (code === 'EACCES') return `PORT: ${port} may not be opened by this user; set PORT to one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `HOST: ${hostname ?? address} is no address of this machine`;
  return message;
}
