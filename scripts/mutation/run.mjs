/**
 * npm run test:mutation [-- PART …]: puts faults into the source one by one, and tells which of them no test finds. What
 * has been tried is kept in artifacts/mutation; only what has changed since is tried again, or all with `--force`.
 */
import { join } from 'node:path';
import { Stryker } from '@stryker-mutator/core';

/** The parts of the source, each with the tests that judge it; those in test/e2e run it in their own process. */
const PARTS = {
  scanner: { source: ['frame/json-scanner'], tests: ['src/common/frame/json-scanner.spec.ts'] },
  rules: {
    source: ['frame/{frame,frame-codec,frame-rules,slices}'],
    tests: ['src/common/frame/frame.spec.ts', 'src/common/frame/frame-rules.spec.ts'],
  },
  encoders: { source: ['frame/*-frame-encoder'], tests: ['src/common/frame/frame-encoder.spec.ts'] },
  decoders: {
    source: ['frame/{*-frame-decoder,row-decoder,kernel/*}'],
    tests: ['src/common/frame/*-frame-decoder.spec.ts'],
  },
  method: {
    source: ['method/{answer-writer,body-budget,body-reader,params,result}'],
    tests: ['src/common/method/*.spec.ts'],
  },
  exchange: {
    source: ['exchange/*', 'lifecycle/drain', 'errors/unreadable-request'],
    tests: ['src/common/{exchange,lifecycle,errors}/*.spec.ts'],
  },
  service: {
    source: [
      'errors/!(unreadable-request)',
      'method/{kasem-method,method-declaration,method-limits,method.interceptor}',
      '../modules/time-series/**/*',
    ],
    tests: [
      'src/common/errors/*.spec.ts',
      'src/modules/time-series/*.spec.ts',
      'test/e2e/method.e2e-spec.ts',
      'test/e2e/second-method.e2e-spec.ts',
      'test/e2e/fault.e2e-spec.ts',
    ],
  },
};

/** A score below is a failure of the run. */
const NEEDED = 85;

// Tests that try all of something try less of it: each runs for hundreds of faults.
process.env.CUT_STEP ??= '29';

const words = process.argv.slice(2);
const force = words.includes('--force');
const parts = words.filter((word) => word in PARTS);

const mutants = [];
for (const name of parts.length > 0 ? parts : Object.keys(PARTS)) mutants.push(...(await run(name)));

const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
const found = count('Killed', 'Timeout');
const all = found + count('Survived', 'NoCoverage');
const score = (100 * found) / all;
console.log(`${found} of ${all} faults found: ${score.toFixed(2)} %`);
process.exitCode = score >= NEEDED ? 0 : 1;

async function run(name) {
  const { source, tests } = PARTS[name];
  const file = `artifacts/mutation/${name}`;
  const stryker = new Stryker({
    // The kernel is AssemblyScript, which only its own compiler understands.
    mutate: [
      ...source.map((path) => join('src/common', `${path}.ts`)),
      '!**/*.spec.ts',
      '!**/*.d.ts',
      '!src/common/frame/kernel/assembly/**',
    ],
    testRunner: 'mocha',
    testRunnerNodeArgs: ['--no-warnings', '--import', './scripts/mutation/typescript.mjs'],
    mochaOptions: { spec: tests, 'no-config': true, 'no-package': true, 'no-opts': true },
    coverageAnalysis: 'perTest',
    ignoreStatic: true,
    concurrency: 2,
    timeoutMS: 20_000,
    dryRunTimeoutMinutes: 30,
    incremental: true,
    incrementalFile: `${file}.incremental.json`,
    force,
    tempDirName: `.stryker-tmp/${name}`,
    ignorePatterns: ['.stryker-tmp', 'artifacts', 'coverage', 'dist'],
    disableTypeChecks: false,
    reporters: ['clear-text', 'progress-append-only', 'json'],
    clearTextReporter: { allowColor: false, reportTests: false },
    jsonReporter: { fileName: `${file}.json` },
  });
  return stryker.runMutationTest();
}
