import cluster from 'node:cluster';
import { constants } from 'node:os';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Drain } from './common/http/drain.js';
import { startHeartbeat, stopAccepting, type ClusterMessage } from './cluster/worker.js';
import { LogDestination } from './common/logging/log-destination.js';
import { Environment, EnvironmentError } from './common/config/environment.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** How long to wait for the last log lines to be written. */
const FLUSH_MS = 500;

/** Listens, and drains on a signal, a message of the primary process or an uncaught exception. */
export async function serve(app: NestExpressApplication): Promise<AddressInfo> {
  const { PORT, HOST } = app.get(Environment);
  // Comes before it listens, since a signal may follow at once.
  drainOnSignals(app);
  if (cluster.isWorker) startHeartbeat();
  await app.listen(PORT, HOST).catch((error: ListenError) => {
    const fault = addressFault(error);
    throw fault === undefined ? error : new EnvironmentError(fault, { cause: error });
  });
  return app.getHttpServer().address() as AddressInfo;
}

type ListenError = NodeJS.ErrnoException & Readonly<Record<'address' | 'hostname' | 'port', string>>;

/** Which variable to change if the service cannot listen, and why. */
function addressFault({ code, address, hostname, port }: ListenError): string | undefined {
  if (code === 'EADDRINUSE') return `PORT: ${port} at ${address} is taken by another process; set PORT to a free one`;
  if (code === 'EACCES') return `PORT: ${port} may not be opened by this user; set PORT to one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `HOST: ${hostname ?? address} is no address of this machine`;
  return undefined;
}

/** Drains on the first signal or an uncaught exception, which makes the exit code 1. A second signal ends the process at once. */
function drainOnSignals(app: NestExpressApplication): void {
  const logger = new Logger('drain');
  const drain = app.get(Drain);
  const destination = app.get(LogDestination);
  process.once('exit', () => destination.writeLines());
  let exitCode = 0;
  let isDraining = false;
  let signals = 0;

  const end = async (): Promise<void> => {
    if (isDraining) return;
    isDraining = true;
    // Nest lets the adapter drain first.
    await app.close();
    logger.log('exiting');
    await destination.flush(FLUSH_MS);
    process.exit(exitCode);
  };
  const drainFor = (cause: string): void => {
    if (!isDraining) logger.log(`${cause}: draining`);
    void end();
  };

  if (cluster.isWorker)
    process.on('message', ({ type }: ClusterMessage) => type === 'drain' && drainFor('the primary process'));
  for (const signal of SIGNALS)
    process.on(signal, () => {
      // Workers receive Ctrl-C too. The primary process coordinates their shutdown.
      if (++signals > 1 && !cluster.isWorker) process.exit(exitCode || 128 + constants.signals[signal]);
      drainFor(signal);
    });
  process.on('uncaughtException', (err) => {
    new Logger('serve').fatal({ err, message: 'uncaught exception: draining, then exiting' });
    exitCode = 1;
    // The state may be corrupt: no more work from now on.
    drain.stopTakingWork();
    if (cluster.isWorker && !isDraining) stopAccepting(app.getHttpServer());
    void end();
  });
}
