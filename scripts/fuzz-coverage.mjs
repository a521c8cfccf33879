// npm run test:fuzz:coverage -- --minutes N: libFuzzer looks for bodies on which the two decoders differ, led by the
// branches that a body reaches in them. It begins with test/fuzz/corpus; what it finds to be worth keeping goes to
// artifacts/fuzz/corpus, and a body on which they differ to artifacts/fuzz, as crash-…; give such a file to try it again.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import setUp from './setup.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const OUT = join(ROOT, 'artifacts/fuzz');
const CORPUS = join(OUT, 'corpus');
const KERNEL = 'src/common/frame/kernel/kernel.wasm';
/** Longer bodies reach nothing that these do not, and are slower. */
const LONGEST_BYTES = 1024;

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const seconds = Math.ceil(Number(values.minutes) * 60);
if (!(seconds > 0)) {
  process.stderr.write('usage: npm run test:fuzz:coverage -- [--minutes N | FILE]\n');
  process.exit(2);
}
const { glibcVersionRuntime } = process.report.getReport().header;
const [major, minor] = (glibcVersionRuntime ?? '2.38').split('.').map(Number);
if (major === 2 && minor < 38) {
  process.stderr
    .write(`The fuzzer's binary needs glibc 2.38, as Debian 13 and Ubuntu 24.04 have it; this is ${glibcVersionRuntime}. Elsewhere:
docker run --rm -v "$PWD":/app -w /app node:24-trixie npm run test:fuzz:coverage -- --minutes ${values.minutes}
`);
  process.exit(1);
}
setUp();
mkdirSync(CORPUS, { recursive: true });
run('node_modules/typescript/bin/tsc', '-p', 'test/fuzz/tsconfig.json');
mkdirSync(join(OUT, dirname(KERNEL)), { recursive: true });
copyFileSync(join(ROOT, KERNEL), join(OUT, KERNEL));

const known = join(ROOT, 'test/fuzz/corpus');
if (positionals.length > 0) fuzz(positionals);
else fuzz([CORPUS, known], `-max_total_time=${seconds}`, '-print_final_stats=1');

/** @param {string[]} inputs folders, the first of which is added to, or files */
function fuzz(inputs, ...options) {
  run(
    'node_modules/@jazzer.js/core/dist/cli.js',
    join(OUT, 'test/fuzz/decoder.fuzz.js'),
    ...inputs,
    ...['--includes', OUT, '--disableBugDetectors', '.*', '--'],
    ...[`-max_len=${LONGEST_BYTES}`, '-reload=0', `-artifact_prefix=${OUT}/`, ...options],
  );
}

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
