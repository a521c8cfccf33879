import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, startService, type Service } from '../support/service.js';

/** A typical client program. */
const CLIENT = `
import createClient from 'openapi-fetch';
import type { paths } from './kasem.mjs';

const client = createClient<paths>({ baseUrl: process.argv[2] as string });
const { data, response } = await client.POST('/method', {
  body: {
    param: { scale: 2 },
    scalar: { headers: ['date', 'e1_ts', 'e2_ts'], data: [[1420066800, 1.5, 2.5], [1420066801, null, 1]] },
  },
});
if (data === undefined || !('scalar' in data)) throw new Error(data?.log ?? response.statusText);
// openapi-fetch turns the tuples of the types into arrays.
const rows: (number | null)[][] = data.scalar.data;

const refused = await client.POST('/method', {
  // @ts-expect-error a scale is a number
  body: { param: { scale: 'x' }, scalar: { headers: ['date', 'e1_ts', 'e2_ts'], data: [] } },
});
if (refused.data === undefined || 'scalar' in refused.data) throw new Error('expected an error');
const code: number = refused.data.error;

// @ts-expect-error there is no such path
await client.POST('/nothing', { body: {} });

const health = await client.GET('/health');
const status: string | undefined = health.data?.status;
console.log(JSON.stringify({ rows, code, status }));
`;

describe('a client with types from /openapi.json', () => {
  let directory: string;
  let service: Service;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kasem-client-'));
    await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    await writeFile(join(directory, 'client.mts'), CLIENT);
    service = await startService();
  });
  afterAll(() => Promise.all([service.close(), rm(directory, { recursive: true })]));

  const node = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, args, { cwd: directory })).stdout;

  it('compiles with --strict, and calls the service', async () => {
    const bin = join(ROOT, 'node_modules');
    await node(join(bin, 'openapi-typescript/bin/cli.js'), `${service.url}/openapi.json`, '-o', 'kasem.mts');
    const options = '--strict --module nodenext --target es2023 --lib es2023,dom --types node'.split(' ');
    // Skips the slow check of other packages' declarations. The generated types are not a .d.ts file, so they are checked.
    await node(join(bin, 'typescript/bin/tsc'), '--skipLibCheck', ...options, 'client.mts').catch(
      ({ stdout }: { stdout: string }) => expect(stdout).toBe(''),
    );
    expect(JSON.parse(await node('client.mjs', service.url))).toEqual({
      rows: [
        [1420066800, 8],
        [1420066801, null],
      ],
      code: 21,
      status: 'ok',
    });
  });
});
