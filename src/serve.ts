import cluster from 'node:cluster';
import { constants } from 'node:os';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Drain, type DrainTimes } from './common/lifecycle/drain.js';
import { DRAIN } from './common/lifecycle/supervisor.js';
import { Environment } from './modules/config/environment.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Listens until a signal, the primary process or a fault that nobody caught ends it; what is in flight is finished. */
export async function serve(app: NestExpressApplication): Promise<AddressInfo> {
  const { PORT, HOST } = app.get(Environment);
  await app.listen(PORT, HOST);
  endOnSignals(app);
  endOnFault(app);
  return app.getHttpServer().address() as AddressInfo;
}

export const drainTimes = (environment: Environment): DrainTimes => ({
  delay: environment.SHUTDOWN_DELAY_MS,
  grace: environment.SHUTDOWN_GRACE_MS,
});

async function end(app: NestExpressApplication, times: DrainTimes, exitCode: number): Promise<void> {
  const cut = await app.get(Drain).run(app.getHttpServer(), times);
  if (cut > 0) new Logger('drain').warn(`${cut} requests were cut when SHUTDOWN_GRACE_MS was over`);
  await app.close();
  process.exit(exitCode);
}

/** The first signal drains, the second ends at once. */
function endOnSignals(app: NestExpressApplication): void {
  let isEnding = false;
  const drain = () => {
    if (!isEnding) void end(app, drainTimes(app.get(Environment)), 0);
    isEnding = true;
  };
  if (cluster.isWorker) process.on('message', (message) => message === DRAIN && drain());
  for (const signal of SIGNALS)
    process.on(signal, () => {
      // Control-C reaches workers as well as the primary process, whose word decides.
      if (isEnding && !cluster.isWorker) process.exit(128 + constants.signals[signal]);
      drain();
    });
}

/** What nobody caught may have left anything behind: the process ends, but not before others' requests have. */
function endOnFault(app: NestExpressApplication): void {
  let isEnding = false;
  process.on('uncaughtException', (err) => {
    new Logger('serve').fatal({ err, message: 'a fault that nobody caught; the process drains and ends' });
    if (!isEnding) void end(app, { ...drainTimes(app.get(Environment)), delay: 0 }, 1);
    isEnding = true;
  });
}
