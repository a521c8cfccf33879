import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { run } from './measure.mjs';

const ROOT = join(import.meta.dirname, '..');
const RIVALS = join(import.meta.dirname, 'rivals');
const BUILD = join(ROOT, 'artifacts/bench');
const MAX_BODY_BYTES = 2_000_000_000;
const START_TIMEOUT_MS = 30_000;
/** For a body of the bench; see docs/capacity.md. */
const RESPONSE_BYTES_PER_ROW = 31.5;

/**
 * The service or a rival.
 * @typedef {object} Contestant
 * @property {string} name
 * @property {(env?: object) => Promise<Server>} start builds what needs building; throws if a program is missing
 * @property {(server: Server, body: object) => Promise<void>} check throws if the response has other values
 */

/** @typedef {{url: string, pid: number, stop: () => Promise<void>}} Server */

const startService = (args, env) =>
  startServer(process.execPath, args, {
    HOST: '127.0.0.1',
    MAX_BODY_BYTES,
    MAX_IN_FLIGHT_BYTES: MAX_BODY_BYTES,
    LOG_LEVEL: 'error',
    ...env,
  });

/** @type {Contestant} */
export const service = {
  name: 'this service',
  start: (env) => startService([join(ROOT, 'dist/main.js')], env),
  check: checkResponse,
};

/** The service with a method that runs on a thread. @type {Contestant} */
export const heavyService = {
  name: 'band-energy',
  start: () => startService(['--import', join(ROOT, 'scripts/typescript.mjs'), join(import.meta.dirname, 'heavy.mjs')]),
  check: checkResponse,
};

/** A script under gunicorn with one worker. @returns {Contestant} */
const python = (name, folder) => ({
  name,
  start: () =>
    startServer(
      'gunicorn',
      [
        ...['--workers', '1', '--timeout', '300', '--graceful-timeout', '1'],
        ...['--chdir', join(RIVALS, folder), 'app:app'],
      ],
      { PYTHONDONTWRITEBYTECODE: '1' },
    ),
  check: checkResponse,
});

export const flask = python('Flask + pandas', 'flask');

export const flaskNumpy = python('Flask + numpy + ujson', 'flask-numpy');

/** What Node can do if nothing is checked. @returns {Contestant} */
const bare = (name, framework) => ({
  name,
  start: () => startServer(process.execPath, [join(RIVALS, 'bare/server.mjs')], { FRAMEWORK: framework }),
  check: checkResponse,
});

export const bareExpress = bare('bare Express', 'express');

export const bareHttp = bare("Node's http alone", 'none');

/** @type {Contestant} */
export const plainNest = {
  name: 'plain NestJS',
  start: async () => {
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(RIVALS, 'nest-plain')]);
    return startServer(process.execPath, [join(BUILD, 'nest-plain/main.js')]);
  },
  check: checkResponse,
};

/**
 * Receives a body and sends as many bytes as its response has.
 * @param {number} rows
 * @returns {Contestant}
 */
export const transport = (rows) => ({
  name: 'transport alone',
  start: () =>
    startServer(process.execPath, [join(RIVALS, 'transport/server.mjs')], {
      RESPONSE_BYTES: Math.round(RESPONSE_BYTES_PER_ROW * rows),
    }),
  check: () => undefined,
});

/** The service's codec, without HTTP. @type {Contestant} */
export const codec = {
  name: service.name,
  start: () => program(process.execPath, join(import.meta.dirname, 'codec.mjs')),
  check: checkOutput,
};

/** @type {Contestant} */
export const nativeCodec = {
  name: 'native C++',
  start: async () => {
    const binary = join(BUILD, 'native-codec');
    mkdirSync(BUILD, { recursive: true });
    const flags = ['-O3', '-march=native', '-std=c++17'];
    await run('g++', [...flags, join(RIVALS, 'native/codec.cpp'), '-o', binary, '-lsimdjson']);
    return program(binary);
  },
  check: checkOutput,
};

/** Starts a server that listens on PORT, and waits until it responds. */
async function startServer(command, args, env) {
  const port = randomInt(20_000, 30_000);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(command, args, {
    env: { ...process.env, PORT: port, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors += text));
  let isRunning = true;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve).once('error', ({ message }) => resolve((errors = message)));
  }).finally(() => (isRunning = false));
  const stop = () => {
    child.kill();
    return ended;
  };
  process.once('exit', stop);

  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await responds(url))) {
    if (isRunning && Date.now() < deadline) await sleep(50);
    else {
      await stop();
      throw new Error(/^\w*Error: .*/m.exec(errors)?.[0] ?? `did not start: ${errors.trim().split('\n').at(-1)}`);
    }
  }
  return { url, pid: child.pid, stop };
}

const responds = (url) =>
  fetch(url, { headers: { connection: 'close' } }).then(
    ({ status }) => status < 500,
    () => false,
  );

/** Posts a body and compares the response with the expected one, to the last bit. */
export async function checkResponse({ url }, { path, expected }) {
  const args = [join(ROOT, 'bin/kasem.js'), 'call', `${url}/method`, path, '--expect', expected];
  await run(process.execPath, args).catch(({ stdout }) => {
    throw new Error(`not the right response: ${stdout.trim().split('\n').at(-1).trim()}`);
  });
}

/** A program that takes the path of a body and, to measure, a number of rounds. */
const program = (command, ...args) => ({
  output: async (...more) => (await run(command, [...args, ...more])).stdout,
  stop: () => undefined,
});

async function checkOutput({ output }, { path, expected }) {
  const { scalar } = JSON.parse(readFileSync(expected, 'utf8'));
  if (!isDeepStrictEqual(JSON.parse(await output(path)), scalar)) throw new Error('not the right values');
}
