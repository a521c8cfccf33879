// npm run bench: compares this service with its rivals in one table. bench/README.md explains each line.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import setUp from '../scripts/setup.mjs';
import { SECTIONS, SLOW } from './sections.mjs';

const USAGE = `usage: npm run bench -- [--quick] [--only SECTION,…]
  --quick   fewer rounds, and without the sections ${SLOW.join(' and ')} unless --only names them
  --only    some of the sections ${Object.keys(SECTIONS).join(', ')}
`;

const { quick, sections } = readOptions();
setUp();
process.setMaxListeners(Infinity);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const lines = [];
for (const name of sections) {
  process.stderr.write(`${name} …\n`);
  lines.push(...(await runSection(name)));
}
process.stdout.write(table(lines));

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
    });
    const named = values.only?.split(',');
    const unknown = named?.find((name) => !(name in SECTIONS));
    if (unknown !== undefined) throw new Error(`there is no section ${unknown}`);
    const all = Object.keys(SECTIONS).filter((name) => !(values.quick && SLOW.includes(name)));
    return { quick: values.quick, sections: named ?? all };
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

/** A section that fails becomes one line that says why. The others go on. */
async function runSection(name) {
  const directory = mkdtempSync(join(tmpdir(), 'kasem-bench-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await SECTIONS[name]({ directory, quick });
  } catch (error) {
    process.exitCode = 1;
    return [{ measure: name, service: `failed: ${error.message}` }];
  } finally {
    remove();
    process.off('exit', remove);
  }
}

function table(lines) {
  const machine = `${cpus().length} cores (${cpus()[0].model}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
  const cells = lines.map(({ measure, service, rival = '', ratio = '', target = '', pass }) => [
    ...[measure, service, rival, ratio, target],
    pass === undefined ? '' : pass ? 'yes' : 'no',
  ]);
  const head = ['measure', 'this service', 'against', 'ratio', 'target', 'met'];
  const widths = head.map((_, column) => Math.max(...[head, ...cells].map((row) => row[column].length)));
  const rows = [head, widths.map((width) => '-'.repeat(width)), ...cells].map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |\n`,
  );
  return `${machine}\n\n${rows.join('')}`;
}
