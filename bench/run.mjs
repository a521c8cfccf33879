// npm run bench: this service held against its rivals, in one table. bench/README.md says what each row means.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import setUp from '../scripts/setup.mjs';
import { hasCommand } from './measure.mjs';
import { SECTIONS } from './sections.mjs';

const USAGE = `usage: npm run bench -- [--quick] [--only SECTION,…] [--rows N] [--json]
  --quick   fewer rounds, and without the sections long and longest unless --only names them
  --only    some of the sections ${Object.keys(SECTIONS).join(', ')}
  --rows    the rows of the body that most measures are about; targets are given for 1000000 only
  --json    the rows as JSON instead of a table
`;

const options = readOptions();
setUp();
const directory = mkdtempSync(join(tmpdir(), 'kasem-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const rows = [];
for (const name of options.sections) {
  process.stderr.write(`${name} …\n`);
  rows.push(...(await runSection(name)));
}
process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        rows: { type: 'string', default: '1000000' },
        json: { type: 'boolean', default: false },
      },
    });
    const named = values.only?.split(',');
    const unknown = named?.find((name) => !(name in SECTIONS));
    if (unknown !== undefined) throw new Error(`there is no section ${unknown}`);
    if (!/^[1-9]\d{0,7}$/.test(values.rows)) throw new Error('--rows is a number from 1 to 99999999');
    return {
      ...values,
      rows: Number(values.rows),
      sections: named ?? Object.keys(SECTIONS).filter((name) => !(values.quick && SECTIONS[name].full)),
    };
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

/** A section that can't be measured is one row that says why; the others go on. */
async function runSection(name) {
  const { needs = [], run } = SECTIONS[name];
  const missing = needs.find((command) => !hasCommand(command));
  if (missing !== undefined) return [{ measure: name, service: `${missing} is missing`, rival: '' }];
  try {
    return await run({ directory, rows: options.rows, quick: options.quick });
  } catch (error) {
    process.exitCode = 1;
    return [{ measure: name, service: `failed: ${error.message}`, rival: '' }];
  }
}

function table(rows) {
  const { model } = cpus()[0];
  const machine = `${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
  const cells = rows.map(({ measure, service, rival, ratio, unit, target, pass }) => [
    measure,
    service,
    rival,
    ratio === undefined ? '' : `${ratio.toPrecision(3)} ${unit}`,
    target ?? '',
    pass === undefined ? '' : pass ? 'pass' : 'FAIL',
  ]);
  const head = ['measure', 'this service', 'against', 'ratio', 'target', ''];
  const widths = head.map((_, column) => Math.max(3, ...[head, ...cells].map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |\n`;
  return [
    `${machine}\n\n`,
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.map(line),
  ].join('');
}
