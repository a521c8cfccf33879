import cluster from 'node:cluster';
import { constants } from 'node:os';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Drain } from './common/http/drain.js';
import { startHeartbeat, stopAccepting, type ClusterMessage } from './cluster/worker.js';
import { LogDestination } from './common/logging/log-destination.js';
import { Environment } from './common/config/environment.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** How long the last log lines wait for their reader. */
const FLUSH_MS = 500;

/** Listens until a signal, the primary process or an uncaught exception ends it; what is in flight is finished. */
export async function serve(app: NestExpressApplication): Promise<AddressInfo> {
  const { PORT, HOST } = app.get(Environment);
  // Before it listens, since whoever hears of that may send a signal at once.
  drainAtTheEnd(app);
  if (cluster.isWorker) startHeartbeat();
  await app.listen(PORT, HOST);
  return app.getHttpServer().address() as AddressInfo;
}

/** The first signal drains, the second ends at once; so does an uncaught exception, and the worst exit code wins. */
function drainAtTheEnd(app: NestExpressApplication): void {
  const logger = new Logger('drain');
  const drain = app.get(Drain);
  let exitCode = 0;
  let isDraining = false;
  let signals = 0;

  const end = async (): Promise<void> => {
    if (isDraining) return;
    isDraining = true;
    // Nest has the adapter drain before all else.
    await app.close();
    logger.log('the process ends');
    await app.get(LogDestination).flush(FLUSH_MS);
    process.exit(exitCode);
  };
  const drainFor = (cause: string): void => {
    if (!isDraining) logger.log(`${cause}: the process drains`);
    void end();
  };

  if (cluster.isWorker)
    process.on('message', ({ type }: ClusterMessage) => type === 'drain' && drainFor('the primary process'));
  for (const signal of SIGNALS)
    process.on(signal, () => {
      // Workers receive Ctrl-C too; the primary process coordinates the end.
      if (++signals > 1 && !cluster.isWorker) process.exit(exitCode || 128 + constants.signals[signal]);
      drainFor(signal);
    });
  process.on('uncaughtException', (err) => {
    new Logger('serve').fatal({ err, message: 'uncaught exception: the process drains and ends' });
    exitCode = 1;
    // The state may be corrupt: no more work from now on.
    drain.stopTakingWork();
    if (cluster.isWorker && !isDraining) stopAccepting(app.getHttpServer());
    void end();
  });
}
