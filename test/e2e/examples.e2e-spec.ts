import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type Service } from '../support/service.js';

const ROOT = resolve(import.meta.dirname, '../..');
const REFUSED = 'test/fixtures/refused.request.json';

const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** Each example's command, or undefined where this machine lacks its language. */
const directory = mkdtempSync(join(tmpdir(), 'examples-'));
const python = ['python3', '/usr/bin/python3'].find((command) => works(command, '-c', 'import requests'));
const COMMANDS: Record<string, readonly string[] | undefined> = {
  curl: ['sh', 'examples/call.sh'],
  TypeScript: [process.execPath, ...typescript()],
  'Python with requests': python === undefined ? undefined : [python, 'examples/call.py'],
  'C# (.NET 10)':
    Number.parseInt(spawnSync('dotnet', ['--version']).stdout?.toString()) >= 10
      ? ['dotnet', 'run', 'examples/call.cs', '--']
      : undefined,
};

/** As examples/README.md has it: Node runs the file where it can, and otherwise what tsc makes of it. */
function typescript(): string[] {
  if ('typescript' in process.features && process.features.typescript !== false) return ['examples/call.ts'];
  const tsc = 'node_modules/typescript/bin/tsc --ignoreConfig --module nodenext --target es2023 --types node';
  const args = [...tsc.split(' '), '--outDir', directory, 'examples/call.ts'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: ROOT });
  if (status !== 0) throw new Error(stdout.toString());
  return [join(directory, 'call.js')];
}

const found = Object.entries(COMMANDS).filter((entry): entry is [string, string[]] => entry[1] !== undefined);
const missing = Object.keys(COMMANDS).filter((language) => COMMANDS[language] === undefined);
if (missing.length > 0)
  process.stderr.write(`examples: not run, since this machine has no ${missing.join(', no ')}\n`);

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

describe('the examples', () => {
  it.each(found)(
    'in %s: prints the rows, and the log of a body that is refused',
    async (_, command) => {
      const url = `${service.url}/method`;
      const sample = await run([...command, url]);
      expect(sample.err).toBe('');
      expect(sample.out.trimEnd().split('\n')).toEqual([
        '4 rows, none missing',
        expect.stringMatching(/^1420066800(\.0)?[ ,]21096\.19278046125$/),
        expect.stringMatching(/^1420066801(\.0)?[ ,]13024\.320520006271$/),
        expect.stringMatching(/^1420066802(\.0)?[ ,]24241\.071878579016$/),
        expect.stringMatching(/^1420066803(\.0)?[ ,]23665\.536675213618$/),
      ]);
      expect(await run(command, { KASEM_URL: url })).toEqual(sample);
      expect(await run([...command, url, 'test/fixtures/sample.request.json'])).toEqual(sample);

      const refused = await run([...command, url, REFUSED]);
      expect(refused).toEqual({
        code: 1,
        out: '',
        err: expect.stringMatching(
          /^error 25: scalar\.data\[1\]\[1\] \(e1_ts\): expected a number or a missing sample, got the string .*n\/a/,
        ),
      });
      expect((await run([...command, 'http://127.0.0.1:9/method'])).code).not.toBe(0);
    },
    180_000,
  );
});

/** Runs a program in the project's folder. */
function run(
  [command, ...args]: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((settle) =>
    execFile(
      command as string,
      args,
      { cwd: ROOT, env: { ...process.env, ...environment } },
      (error, out, err) => settle({ code: error?.code ?? 0, out, err }),
    ),
  );
}
