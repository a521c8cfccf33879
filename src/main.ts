import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.factory.js';
import { kernel } from './common/frame/kernel/kernel.js';
import { Drain } from './common/lifecycle/drain.js';
import { Environment, EnvironmentError } from './modules/config/environment.js';

const SAMPLE =
  '{"param":{"scale":25},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[1420066800,1.25,842.5]]}}';

try {
  const app = await createApp();
  await listen(app);
  announce(app);
  if (kernel === undefined)
    new Logger('main').warn('WebAssembly SIMD is missing: bodies are read by the plain, slower decoder');
  drainOn(app, 'SIGTERM', 'SIGINT');
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}

async function listen(app: NestExpressApplication): Promise<void> {
  const { PORT, HOST } = app.get(Environment);
  await app.listen(PORT, HOST);
}

/** One line says where it listens, one shows a call that works as it stands. */
function announce(app: NestExpressApplication): void {
  const { address, family, port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  const curl = `curl -s ${url}/method -H 'Content-Type: application/json' -d '${SAMPLE}'`;
  process.stdout.write(`listening at ${url}\ntry: ${curl}\n`);
}

function drainOn(app: NestExpressApplication, ...signals: NodeJS.Signals[]): void {
  const { SHUTDOWN_DELAY_MS: delay, SHUTDOWN_GRACE_MS: grace } = app.get(Environment);
  const drain = async () => {
    await app.get(Drain).run(app.getHttpServer(), { delay, grace });
    await app.close();
    process.exit(0);
  };
  for (const signal of signals)
    process.once(signal, () => {
      // A second signal finds no handler and ends the process at once.
      for (const other of signals) process.removeAllListeners(other);
      void drain();
    });
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
