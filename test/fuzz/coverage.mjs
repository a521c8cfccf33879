// Uses libFuzzer to search for bodies for which the two decoders differ. docs/conformance.md says how to run it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import setUp from '../../scripts/setup.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const OUT = join(ROOT, 'artifacts/fuzz');
const CORPUS = join(OUT, 'corpus');
const KERNEL = 'src/common/frame/kernel/kernel.wasm';
/** Longer bodies are slower and reach no more branches. */
const LONGEST_BYTES = 1024;

const { values, positionals: files } = parseArgs({
  options: { minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
setUp();
mkdirSync(CORPUS, { recursive: true });
run('node_modules/typescript/bin/tsc', '-p', 'test/fuzz/tsconfig.json');
mkdirSync(join(OUT, dirname(KERNEL)), { recursive: true });
copyFileSync(join(ROOT, KERNEL), join(OUT, KERNEL));
// libFuzzer writes new inputs to the first folder.
const inputs = files.length > 0 ? files : [CORPUS, join(ROOT, 'test/fuzz/corpus')];
run(
  'node_modules/@jazzer.js/core/dist/cli.js',
  join(OUT, 'test/fuzz/decoder.fuzz.js'),
  ...inputs,
  ...['--includes', OUT, '--disableBugDetectors', '.*', '--'],
  ...[`-max_len=${LONGEST_BYTES}`, '-reload=0', `-artifact_prefix=${OUT}/`],
  ...[`-max_total_time=${Math.ceil(60 * Number(values.minutes))}`, '-print_final_stats=1'],
);

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
