import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../..');
const SAMPLE = join(ROOT, 'test/fixtures/sample.request.json');
const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, string>;

interface Outcome {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

function run(cwd: string, command: string, ...args: string[]): Promise<Outcome> {
  return new Promise((settle) =>
    execFile(command, args, { cwd, env: environment, maxBuffer: 1 << 26 }, (error, out, err) =>
      settle({ code: error?.code ?? 0, out, err }),
    ),
  );
}

/** The environment of a user's terminal: without the NODE_ENV that Jest sets. */
const environment = { ...process.env, NODE_ENV: undefined };

let directory: string;
let tarball: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kasem-package-'));
  tarball = join(directory, `${name}-${version}.tgz`);
  const { code, err } = await run(ROOT, 'npm', 'pack', '--silent', `--pack-destination=${directory}`);
  if (code !== 0) throw new Error(err);
}, 600_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the package', () => {
  const listed = () =>
    spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''))
      .sort();

  it('contains only files that are run or read', () => {
    const files = (path: string) =>
      readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
        .filter((file) => statSync(join(ROOT, path, file)).isFile())
        .map((file) => `${path}/${file.replaceAll('\\', '/')}`);
    const compiled = files('src')
      .filter(
        (path) =>
          !/\.(spec|d)\.ts$/.test(path) &&
          !path.includes('/assembly/') &&
          !/\/(asconfig|tsconfig)[.a-z]*\.json$/.test(path),
      )
      .map((path) => path.replace(/^src/, path.startsWith('src/modules/playground/page/') ? 'dist/assets' : 'dist'))
      .map((path) => path.replace(/\.ts$/, '.js'));
    const forBrowsers = [
      'errors/error-codes',
      'errors/kasem.error',
      'frame/body-params',
      'frame/body-scan',
      'frame/date-units',
      'frame/fault-finder',
      'frame/frame',
      'frame/frame-rules',
      'frame/json-scanner',
      'frame/repeated-key',
      'frame/series-reader',
    ].map((path) => `dist/assets/common/${path}.js`);
    expect(listed()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'package.json',
        'bin/kasem.js',
        'examples/send.cs',
        'examples/send.py',
        'examples/send.ts',
        ...compiled,
        ...forBrowsers,
        ...files('config'),
        ...files('test/conformance/cases'),
      ].sort(),
    );
  });

  it('is at most 160 kB', () => {
    expect(statSync(tarball).size).toBeLessThan(160_000);
  });
});

describe('installed in an empty folder', () => {
  let service: ChildProcess;
  let url: string;
  const kasem = (...args: string[]) => run(directory, 'npx', '--no-install', 'kasem', ...args);

  beforeAll(async () => {
    writeFileSync(join(directory, 'package.json'), '{}');
    const install = await run(directory, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
    if (install.code !== 0)
      throw new Error(`the packages it needs are neither in npm's cache nor given by the registry: ${install.err}`);
    const script = join('node_modules', name as string, 'bin/kasem.js');
    service = spawn(process.execPath, [script, 'serve'], {
      cwd: directory,
      env: { ...environment, PORT: '0', HOST: '127.0.0.1' },
    });
    url = await new Promise((settle, reject) => {
      let output = '';
      const look = (text: Buffer) => {
        output += text.toString();
        const found = /listening at (http:\/\/[^\s"]+)/.exec(output);
        if (found) settle(found[1] as string);
      };
      service.stdout?.on('data', look);
      service.stderr?.on('data', look);
      service.on('close', () => reject(new Error(output)));
    });
  }, 600_000);
  afterAll(() => {
    service?.kill('SIGKILL');
  });

  it('prints its version and its usage', async () => {
    expect(await kasem('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
    const { out } = await kasem('--help');
    for (const command of ['check', 'call', 'serve']) expect(out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  it('serves this version and its pages', async () => {
    const api = (await (await fetch(`${url}/openapi.json`)).json()) as { info: { version: string } };
    expect(api.info.version).toBe(version);
    expect((await fetch(`${url}/docs`)).status).toBe(200);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('sends a body', async () => {
    const { code, out } = await kasem('call', SAMPLE, `${url}/method`);
    expect(out).toContain('4 rows, none missing');
    expect(code).toBe(0);
  });

  it('passes its own conformance cases', async () => {
    const { code, out } = await kasem('check', `${url}/method`);
    expect(out).toMatch(/contract +(\d+) of \1 hold\nrobust +(\d+) of \2 hold\n$/);
    expect(code).toBe(0);
  }, 120_000);

  it('installs no dev dependency', () => {
    const installed = readdirSync(join(directory, 'node_modules'));
    expect(installed).toContain('@nestjs');
    for (const unwanted of ['typescript', 'jest', '@swc', 'prettier']) expect(installed).not.toContain(unwanted);
  });

  it('ends on SIGTERM with exit code 0', async () => {
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
