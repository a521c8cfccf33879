import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterAll } from '@jest/globals';
import { type Type } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.factory.js';
import { METHODS } from '../../src/app.module.js';
import { loadEnvironment } from '../../src/modules/config/config.module.js';
import { TimeSeriesModule } from '../../src/modules/time-series/time-series.module.js';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The real application in this process, on a real port. */
export interface Service {
  readonly port: number;
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the application with the sum, whatever methods the service has.
 * @param modules further methods, or other modules
 * @param prepare is called before the routes are registered
 */
export const startService = (
  environment: Readonly<Record<string, string>> = {},
  modules: readonly Type[] = [],
  prepare: (app: NestExpressApplication) => void = () => undefined,
): Promise<Service> => listen(environment, [TimeSeriesModule, ...modules], prepare);

/** Starts the application with the methods of the service, or with others instead. */
export const startMethods = (
  environment: Readonly<Record<string, string>> = {},
  methods: readonly Type[] = METHODS,
  prepare: (app: NestExpressApplication) => void = () => undefined,
): Promise<Service> => listen(environment, methods, prepare);

async function listen(
  environment: Readonly<Record<string, string>>,
  modules: readonly Type[],
  prepare: (app: NestExpressApplication) => void,
): Promise<Service> {
  const app = await createApp(await loadEnvironment({ NODE_ENV: 'test', ...environment }), modules);
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}

/** The built service as a process of its own, as an operator runs it. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly url: string;
  /** All that it has written so far. */
  output(): string;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number | null>;
}

/**
 * @param script to run instead of the built service
 * @throws Error with its output if it ends before it listens
 */
export async function spawnService(
  environment: Readonly<Record<string, string>> = {},
  script?: string,
): Promise<ServiceProcess> {
  const running = runService({ PORT: '0', ...environment }, script);
  const port = await Promise.race([
    listeningPort(running.child),
    running.exited.then((code) => {
      throw new Error(`the service ended with ${code}: ${running.output()}`);
    }),
  ]);
  return { ...running, port, url: `http://127.0.0.1:${port}` };
}

/** Processes that a failed test leaves running would keep Jest from ending. */
const started: ChildProcess[] = [];
afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

/** Starts the built service without waiting for anything. */
export function runService(
  environment: Readonly<Record<string, string>>,
  script = 'dist/main.js',
): Omit<ServiceProcess, 'port' | 'url'> {
  const child = spawn(process.execPath, [script], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_ENV: 'test', ...environment },
  });
  started.push(child);
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  return {
    child,
    output: () => output,
    exited: once(child, 'close').then(([code]) => code as number | null),
  };
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let output = '';
    child.stdout?.on('data', (text: Buffer) => {
      output += text.toString();
      const port = /listening at http:\/\/[^:]+:(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
