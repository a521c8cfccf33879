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
  // Before it listens, since whoever hears of that may send a signal at once.
  endOnSignals(app);
  endOnFault(app);
  await app.listen(PORT, HOST);
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
  new Logger('drain').log('the process ends');
  process.exit(exitCode);
}

/** The first signal drains, the second ends at once. */
function endOnSignals(app: NestExpressApplication): void {
  let isEnding = false;
  const drain = (cause: string) => {
    if (isEnding) return;
    isEnding = true;
    new Logger('drain').log(`${cause}: the process drains`);
    void end(app, drainTimes(app.get(Environment)), 0);
  };
  if (cluster.isWorker) process.on('message', (message) => message === DRAIN && drain('the primary process'));
  for (const signal of SIGNALS)
    process.on(signal, () => {
      // Control-C reaches workers as well as the primary process, whose word decides.
      if (isEnding && !cluster.isWorker) process.exit(128 + constants.signals[signal]);
      drain(signal);
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
