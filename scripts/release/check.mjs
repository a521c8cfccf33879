// npm run release:check: all that must hold before a tag, and a table of what did. docs/releasing.md says what each line covers.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  auditFaults,
  changelogFaults,
  licenceFaults,
  lockFaults,
  sbomFaults,
  treeFaults,
  versionFaults,
} from './checks.mjs';
import { createSbom } from './sbom.mjs';

// npm runs a script in the project's folder.
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const manifest = read('package.json');
const lock = read('package-lock.json');

let sbom;
const theSbom = () => (sbom ??= createSbom(process.cwd()));

/** Each gives its faults; the quick ones first. */
const CHECKS = {
  tree: () =>
    treeFaults(
      git('status', '--porcelain'),
      manifest.version,
      lines(git('tag')),
      lines(git('tag', '--points-at', 'HEAD')),
    ),
  version: () => versionFaults(manifest, lock),
  changelog: () =>
    changelogFaults(readFileSync('CHANGELOG.md', 'utf8'), manifest, new Date().toISOString().slice(0, 10)),
  lock: () => lockFaults(lock),
  sbom: () => sbomFaults(theSbom(), manifest, lock),
  licences: () => licenceFaults(theSbom()),
  audit,
  tests: () => run('npm', 'test'),
  package: () => run('npm', 'run', 'test:package'),
  node: () => run('npm', 'run', 'test:versions'),
  image: () => run('scripts/verify-image.sh'),
};

const USAGE = `usage: npm run release:check -- [--only CHECK,…] [--without CHECK,…]
  the checks are ${Object.keys(CHECKS).join(', ')}; what is left out is said in the table
`;

const { only, without } = readOptions();
const rows = [];
for (const [name, check] of Object.entries(CHECKS)) {
  if (!only.includes(name) || without.includes(name)) {
    rows.push({ name, outcome: 'left out', faults: [] });
    continue;
  }
  process.stderr.write(`${name} …\n`);
  const faults = faultsOf(check);
  rows.push({ name, outcome: faults.length === 0 ? 'holds' : 'FAILS', faults });
}
for (const { name, outcome, faults } of rows)
  process.stdout.write(
    `${name.padEnd(10)} ${outcome.padEnd(8)} ${faults.join(`\n${' '.repeat(20)}`)}`.trimEnd() + '\n',
  );
const count = (wanted) => rows.filter(({ outcome }) => outcome === wanted).length;
process.stdout.write(
  `${manifest.name} ${manifest.version}: ${count('holds')} hold, ${count('FAILS')} fail, ${count('left out')} left out\n`,
);
process.exitCode = count('FAILS') === 0 ? 0 : 1;

/** A check that cannot be made does not hold. */
function faultsOf(check) {
  try {
    return check();
  } catch (error) {
    return [error.message];
  }
}

function audit() {
  let report;
  try {
    report = JSON.parse(spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' }).stdout);
  } catch {
    report = undefined;
  }
  return auditFaults(report) ?? ['the registry did not answer, so nothing is known: ask one that does'];
}

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.trim()}`);
  return stdout;
}

function lines(text) {
  return text.split('\n').filter((line) => line !== '');
}

/** Shows what the command says; the table says only whether it succeeded. */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return status === 0
    ? []
    : [`${[command, ...args].join(' ')}: ${error?.message ?? `exit code ${status}, see above`}`];
}

function readOptions() {
  const all = Object.keys(CHECKS);
  const names = (text) => text?.split(',') ?? [];
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, without: { type: 'string' } } });
    const options = {
      only: values.only === undefined ? all : names(values.only),
      without: names(values.without),
    };
    const unknown = [...options.only, ...options.without].find((name) => !all.includes(name));
    if (unknown !== undefined) throw new Error(`there is no check ${unknown}`);
    return options;
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
