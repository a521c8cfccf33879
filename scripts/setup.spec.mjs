import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const SETUP = resolve(import.meta.dirname, 'setup.mjs');

/** A build that takes a while, and fails if another one runs meanwhile. */
const BUILD = `
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/cli', { recursive: true });
writeFileSync('dist/cli/kasem.js', 'console.log("kasem")');
writeFileSync('dist/' + process.pid, '');
await setTimeout(300);
if (!existsSync('dist/' + process.pid)) process.exit(1);
appendFileSync('builds', 'built\\n');
`;

describe('the set-up of a checkout', () => {
  let checkout;
  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'set-up-'));
    mkdirSync(join(checkout, 'src'));
    mkdirSync(join(checkout, 'scripts'));
    cpSync(SETUP, join(checkout, 'scripts/setup.mjs'));
    cpSync(resolve(SETUP, '../../bin'), join(checkout, 'bin'), { recursive: true });
    const manifest = { name: 'x', version: '1.0.0', type: 'module', scripts: { build: 'node build.mjs' } };
    writeFileSync(join(checkout, 'package.json'), JSON.stringify(manifest));
    const lock = {
      name: 'x',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'x', version: '1.0.0' } },
    };
    writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock));
    for (const file of ['tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'])
      writeFileSync(join(checkout, file), '{}');
    writeFileSync(join(checkout, 'build.mjs'), BUILD);
  });
  afterAll(() => rmSync(checkout, { recursive: true, force: true }));

  const setUp = async () => {
    const child = spawn(process.execPath, ['scripts/setup.mjs'], { cwd: checkout, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    return code;
  };
  const builds = () => readFileSync(join(checkout, 'builds'), 'utf8').split('\n').length - 1;

  it('builds once if several processes ask at the same time, and again after a change', async () => {
    writeFileSync(join(checkout, '.set-up.lock'), '999999999');
    expect(await Promise.all([setUp(), setUp(), setUp()])).toEqual([0, 0, 0]);
    expect(builds()).toBe(1);
    writeFileSync(join(checkout, 'src/main.ts'), '');
    expect(await Promise.all([setUp(), setUp()])).toEqual([0, 0]);
    expect(builds()).toBe(2);
    expect(await setUp()).toBe(0);
    expect(builds()).toBe(2);
  });

  it('runs before the first run of the command', () => {
    rmSync(join(checkout, 'dist'), { recursive: true, force: true });
    expect(execFileSync(process.execPath, [join(checkout, 'bin/kasem.js')]).toString()).toBe('kasem\n');
  });
});
