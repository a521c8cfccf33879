// Makes a checkout ready to run: installs packages and builds, each only if something has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(import.meta.dirname, '..');
const BUILD_INPUTS = ['src', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];

/** Holds the id of the process that sets up: two builds at a time would delete each other's files. */
const LOCK = join(ROOT, '.set-up.lock');

/** Also Jest's globalSetup, so that no test runs against an older build. */
export default function setUp() {
  lock();
  try {
    // Until node_modules or the lock file is changed, the installed packages are those of the lock file.
    const install = 'npm ci --include=dev --no-audit --no-fund --loglevel=error';
    step('node_modules/.set-up', ['package-lock.json'], install);
    step('dist/.set-up', BUILD_INPUTS, 'npm run --silent build');
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** Waits for another process that sets up, unless it has died. */
function lock() {
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    if (!isHeld()) rmSync(LOCK, { force: true });
  }
}

function isHeld() {
  try {
    return process.kill(Number(readFileSync(LOCK, 'utf8')) || process.pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Runs a command and writes the stamp, unless the stamp has the digest of the inputs. */
function step(stamp, inputs, command) {
  const digest = digestOf(inputs.map((input) => join(ROOT, input)));
  const stampPath = join(ROOT, stamp);
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === digest) return;
  process.stderr.write(`${command} …\n`);
  const { status } = spawnSync(command, { cwd: ROOT, stdio: ['ignore', 2, 2], shell: true });
  if (status !== 0) {
    rmSync(LOCK, { force: true });
    process.exit(status ?? 1);
  }
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, digest);
}

function digestOf(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesOf)) hash.update(relative(ROOT, file)).update(readFileSync(file));
  return hash.digest('hex');
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => !name.endsWith('.wasm'))
    .sort()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
