// npm run test:versions: the unit and e2e tests on each line of Node that is supported, from the oldest version on.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { npm } from './npm.mjs';
import setUp from './setup.mjs';

/** The oldest of `engines`, and the newest of each line. */
const VERSIONS = ['20.19.0', '22', '24', '26'];

const ROOT = resolve(import.meta.dirname, '..');
const CACHE = join(ROOT, 'artifacts/node');
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

setUp();
const wanted = process.argv.slice(2);
const lines = [];
const total = { passed: 0, failed: 0 };
for (const version of wanted.length > 0 ? wanted : VERSIONS) {
  const { line, passed, failed } = onVersion(version);
  process.stdout.write(`${line}\n`);
  lines.push(line);
  total.passed += passed;
  total.failed += failed;
}
process.stdout.write(`\n${lines.join('\n')}\n`);
// In Jest's own form, so that one reader counts both.
const failed = total.failed > 0 ? `${total.failed} failed, ` : '';
process.stdout.write(`Tests:       ${failed}${total.passed} passed, ${total.passed + total.failed} total\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

function onVersion(version) {
  const node = install(version);
  const name = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  if (name === process.version)
    return { line: `Node ${name}: is what npm test runs on here`, passed: 0, failed: 0 };
  process.stdout.write(`=== Node ${name}\n`);
  const report = join(CACHE, `${version}.json`);
  rmSync(report, { force: true });
  const jest = [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    'unit',
    'e2e',
    // Several versions take their time, so no core stays free for something else.
    '--maxWorkers=100%',
  ];
  const { status } = spawnSync(node, [...jest, '--coverage=false', '--json', `--outputFile=${report}`], {
    cwd: ROOT,
    // What the tests start by name is this Node as well. Jest says on its standard error how it goes; the other is the report again.
    env: { ...process.env, PATH: `${resolve(node, '..')}${delimiter}${process.env.PATH}` },
    stdio: ['ignore', 'ignore', 2],
  });
  if (!existsSync(report))
    return { line: `Node ${name}: no test ran, exit code ${status}`, passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites, success } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  // A suite that cannot be loaded has no test that fails.
  const failed = success ? 0 : Math.max(numFailedTests, numFailedTestSuites, 1);
  return { line: `Node ${name}: ${numPassedTests} passed, ${failed} failed`, passed: numPassedTests, failed };
}

/** Node from npm, where it is not there yet; the path of its command. */
function install(version) {
  const directory = join(CACHE, version);
  mkdirSync(directory, { recursive: true });
  npm([
    'install',
    `--prefix=${directory}`,
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    `${PACKAGE}@${version}`,
  ]);
  const bin = join(directory, 'node_modules', PACKAGE, 'bin');
  return join(bin, process.platform === 'win32' ? 'node.exe' : 'node');
}
