import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readPages, ROOT } from '../support/pages.js';
import { spawnService, type ServiceProcess } from '../support/service.js';

/** Whether each example can read the NaN of a service with MISSING_SAMPLES=NaN. */
const READS_NAN: Record<string, boolean> = {
  'call.cs': true,
  'CallGson.java': true,
  'CallJackson.java': false,
  'call.py': true,
  'call.R': false,
  'call.sh': true,
  'call.ts': false,
};

/** The commands of examples/README.md. The last one calls the service, those before it compile. */
const COMMANDS = new Map(
  readPages()
    .filter(({ path }) => path === 'examples/README.md')
    .flatMap(({ blocks }) => blocks)
    .flatMap(({ code }) => {
      const name = /examples\/(\w+\.\w+)/.exec(code)?.[1];
      return name === undefined ? [] : [[name, code] as const];
    }),
);

const ROWS: [date: number, e1: number, e2: number][] = [
  [1420066800, 1.2507524347169103, 842.59695878373316],
  [1420066801, 17.684785517717145, 503.28803528253366],
  [1420066802, 48.464766632981956, 921.17810851017862],
  [1420066803, 11.014022077905956, 935.60744493063885],
];

/** The parsed output of an example: the sums of the sample, then those with two samples missing. */
const printed = (scale: number) => [
  '4 rows, none missing',
  ...ROWS.map(([date, e1, e2]) => [date, scale * (e1 + e2)]),
  '4 rows, missing: 1 in e1_ts, 1 in e2_ts',
  ...ROWS.map(([date, e1, e2], row) => [date, row === 1 || row === 2 ? NaN : scale * (e1 + e2)]),
];

let service: ServiceProcess;
let nanService: ServiceProcess;
beforeAll(async () => {
  service = await spawnService();
  nanService = await spawnService({ MISSING_SAMPLES: 'NaN' });
});

it('each example is called', () => {
  expect([...COMMANDS.keys()].filter((name) => !name.startsWith('send.')).sort()).toEqual(
    Object.keys(READS_NAN).sort(),
  );
});

describe.each([...COMMANDS].filter(([name]) => name.startsWith('send.')))('%s', (_, code) => {
  const compilations = code.split('\n');
  const command = compilations.pop() as string;
  const send = (file: string) =>
    sh(command.replace('http://127.0.0.1:5000/method', `${service.url}/method`).replace(/\S+\.json$/, file));

  beforeAll(async () => {
    for (const compilation of compilations) expect(await sh(compilation)).toEqual({ code: 0, out: [''], err: '' });
  });

  it('sends a recorded body unchanged', async () => {
    expect(await send('test/fixtures/sample.request.json')).toEqual({
      code: 0,
      out: printed(25).slice(0, 5),
      err: '',
    });
  });

  it('shows the error of a response', async () => {
    expect(await send('test/fixtures/refused.request.json')).toEqual({
      code: 1,
      out: [''],
      err: expect.stringMatching(/^error 25: scalar\.data/),
    });
  });
});

describe.each([...COMMANDS].filter(([name]) => !name.startsWith('send.')))('%s', (name, code) => {
  const compilations = code.split('\n');
  const command = compilations.pop() as string;
  const call = (url: string, scale = '') =>
    sh(`${command.replace('http://127.0.0.1:5000/method', `${url}/method`)} ${scale}`);

  beforeAll(async () => {
    for (const compilation of compilations) expect(await sh(compilation)).toEqual({ code: 0, out: [''], err: '' });
  });

  it('gets the exact doubles, and missing samples in both directions', async () => {
    expect(await call(service.url)).toEqual({ code: 0, out: printed(25), err: '' });
    expect(await call(service.url, String(1 / 3))).toEqual({ code: 0, out: printed(1 / 3), err: '' });
  });

  it('shows the error of a response', async () => {
    expect(await call(service.url, '1e308')).toEqual({
      code: 1,
      out: [''],
      err: expect.stringMatching(/error\W+30\b.*scalar\.data\[0\]/),
    });
  });

  it(`${READS_NAN[name] ? 'reads' : 'refuses'} NaN in a response`, async () => {
    const result = await call(nanService.url);
    if (READS_NAN[name]) expect(result).toEqual({ code: 0, out: printed(25), err: '' });
    else
      expect(result).toMatchObject({
        code: 1,
        out: printed(25).slice(0, 5),
        err: expect.not.stringMatching(/^error /),
      });
  });
});

/** Runs a command in the project's folder. Prefers Debian's programs to others of the same name. */
function sh(command: string): Promise<{ code: unknown; out: (string | number[])[]; err: string }> {
  const PATH = [dirname(process.execPath), '/usr/bin', process.env.PATH].join(':');
  return new Promise((settle) =>
    execFile('sh', ['-c', command], { cwd: ROOT, env: { ...process.env, PATH } }, (error, out, err) =>
      settle({ code: error?.code ?? 0, out: out.trimEnd().split('\n').map(numbersOf), err }),
    ),
  );
}

/** A row as its date and its sum, NaN if missing; any other line unchanged. */
function numbersOf(line: string): string | number[] {
  const row = /^([\d.E+]+)[ ,](\S+)$/.exec(line);
  return row === null ? line : row.slice(1).map(Number);
}
