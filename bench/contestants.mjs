import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hasCommand, startServer } from './measure.mjs';

const ROOT = join(import.meta.dirname, '..');
const RIVALS = join(import.meta.dirname, 'rivals');
const BUILD = join(ROOT, 'artifacts/bench');
const MAX_BODY_BYTES = 2_000_000_000;

/**
 * The service or a rival of it.
 * @typedef {object} Contestant
 * @property {string} name
 * @property {() => string | undefined} missing what has to be installed first; builds what needs building
 * @property {(env?: object) => Promise<import('./measure.mjs').Server>} start
 */

/** @type {Contestant} */
export const service = {
  name: 'this service',
  missing: () => undefined,
  start: (env) =>
    startServer(() => ({
      command: process.execPath,
      args: [join(ROOT, 'dist/main.js')],
      env: {
        HOST: '127.0.0.1',
        MAX_BODY_BYTES,
        MAX_IN_FLIGHT_BYTES: MAX_BODY_BYTES,
        LOG_LEVEL: 'error',
        ...env,
      },
      ready: '/health/ready',
    })),
};

/**
 * A script under gunicorn with one worker.
 * @returns {Contestant}
 */
const python = (name, folder) => ({
  name,
  missing: once(() => {
    if (!hasCommand('gunicorn')) return 'gunicorn is missing';
    const check = spawnSync('gunicorn', ['--check-config', '--chdir', join(RIVALS, folder), 'app:app'], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    return check.status === 0 ? undefined : `a package of ${name} is missing`;
  }),
  start: () =>
    startServer((port) => ({
      command: 'gunicorn',
      args: [
        ...['--workers', '1', '--timeout', '300', '--bind', `127.0.0.1:${port}`],
        ...['--chdir', join(RIVALS, folder), 'app:app'],
      ],
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    })),
});

export const flask = python('Flask + pandas', 'flask');

export const flaskNumpy = python('Flask + numpy + ujson', 'flask-numpy');

/**
 * What Node can do where nothing is checked.
 * @returns {Contestant}
 */
const bare = (name, framework) => ({
  name,
  missing: () => undefined,
  start: () =>
    startServer(() => ({
      command: process.execPath,
      args: [join(RIVALS, 'bare/server.mjs')],
      env: { FRAMEWORK: framework },
    })),
});

export const bareExpress = bare('bare Express', 'express');

export const bareHttp = bare("Node's http alone", 'none');

/** @type {Contestant} */
export const plainNest = {
  name: 'plain NestJS',
  missing: once(() => {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', join(RIVALS, 'nest-plain')]);
    return status === 0 ? undefined : `plain NestJS does not compile: ${stdout}`;
  }),
  start: () =>
    startServer(() => ({
      command: process.execPath,
      args: [join(BUILD, 'nest-plain/main.js')],
      ready: '/health/live',
    })),
};

/**
 * The transport floor.
 * @param {number} responseBytes
 * @returns {Contestant}
 */
export const transport = (responseBytes) => ({
  name: 'transport alone',
  missing: () => undefined,
  start: () =>
    startServer(() => ({
      command: process.execPath,
      args: [join(RIVALS, 'transport/server.mjs')],
      env: { ANSWER_BYTES: responseBytes },
    })),
});

/** The two programs of the codec alone; each takes the path of a body. */
export const codec = { command: process.execPath, args: [join(import.meta.dirname, 'codec.mjs')] };

export const nativeCodec = {
  command: join(BUILD, 'native-codec'),
  args: [],
  missing: once(() => {
    const source = join(RIVALS, 'native/codec.cpp');
    const binary = nativeCodec.command;
    if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) return undefined;
    if (!hasCommand('g++')) return 'g++ is missing';
    mkdirSync(BUILD, { recursive: true });
    const flags = ['-O3', '-march=native', '-std=c++17'];
    const { status, stderr } = spawnSync('g++', [...flags, source, '-o', binary, '-lsimdjson']);
    if (status === 0) return undefined;
    const header = /simdjson/.test(String(stderr)) ? 'libsimdjson-dev is missing' : String(stderr);
    return header;
  }),
};

/** Asked several times, answered by looking once. */
function once(look) {
  let response;
  return () => (response ??= { missing: look() }).missing;
}
