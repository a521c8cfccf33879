// npm run test:fuzz -- --minutes N: the searching tests for longer. It ends with how many bodies were tried; a failure
// prints its seed and path, which FUZZ_SEED and FUZZ_PATH take to try it again.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import setUp from './setup.mjs';

/** The properties share the time. */
const PROPERTIES = 4;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const milliseconds = Number(values.minutes) * 60_000;
if (!(milliseconds > 0)) {
  process.stderr.write('usage: npm run test:fuzz -- --minutes N\n');
  process.exit(2);
}
setUp();
const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
const { status } = spawnSync(
  process.execPath,
  [...jest, '--selectProjects', 'e2e', '--testTimeout', String(milliseconds * 2), 'fuzz.e2e-spec'],
  {
    stdio: 'inherit',
    env: { ...process.env, FUZZ_MILLISECONDS: String(Math.ceil(milliseconds / PROPERTIES)) },
  },
);
process.exit(status ?? 1);
