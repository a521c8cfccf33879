import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DifferenceModule } from '../fixtures/difference-method/difference.module.js';
import { bodyOf, call } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const FIXTURE = new URL('../fixtures/difference-method/', import.meta.url);

describe('docs/writing-a-method.md', () => {
  const page = readFileSync(new URL('../../docs/writing-a-method.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/`src\/modules\/difference\/(\S+)`:\n\n```ts\n(.*?)```/gs)];

  it('shows each file of the method', () => {
    expect(blocks.map(([, path]) => path).sort()).toEqual(
      readdirSync(FIXTURE, { recursive: true })
        .map(String)
        .filter((path) => path.endsWith('.ts'))
        .sort(),
    );
  });

  it.each(blocks.map(([, path, code]) => [path as string, code as string]))(
    'shows %s as it is, but for the folder that it stands in',
    (path, code) => {
      const file = readFileSync(new URL(path, FIXTURE), 'utf8');
      expect(code).toBe(file.replaceAll(/((?:\.\.\/)+)\.\.\/src\//g, '$1'));
    },
  );
});

describe('a second method', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [DifferenceModule]);
  });
  afterAll(() => service.close());

  const send = async (
    param: object,
    data: unknown = [
      [1, 5, 3],
      [2, null, 3],
    ],
    headers = ['date', 'a_ts', 'b_ts'],
  ) =>
    (
      await call(service.url, {
        path: '/difference',
        body: JSON.stringify({ param, scalar: { headers, data } }),
      })
    ).json;

  it('answers beside the sum, with its own params and series', async () => {
    const answer = await send({ gain: 2, offset: 1 });
    expect(answer).toEqual({
      scalar: {
        headers: ['date', 'out_ts'],
        data: [
          [1, 5],
          [2, null],
        ],
      },
      error: 0,
      log: '2 rows, missing: 1 in a_ts',
    });
    expect((await call(service.url, { body: bodyOf([[1, 2, 3]]) })).json.error).toBe(0);
  });

  it('has the default of a param that is optional', async () => {
    expect((await send({ gain: 2 })).scalar?.data).toEqual([
      [1, 4],
      [2, null],
    ]);
  });

  it.each([
    [{ gain: 0 }, 1000, 'param.gain must be above 0 and is a number'],
    [{}, 1000, 'param.gain must be above 0 and is missing'],
    [{ gain: 1, offset: 'x' }, 21, 'param.offset must be a finite number and is text'],
  ])('refuses %j with its own error or the common one', async (param, error, log) => {
    expect(await send(param)).toEqual({ error, log });
  });

  it('has everything else from the service', async () => {
    expect((await send({ gain: 1 }, [[1, 2, 'x']])).log).toContain('scalar.data[0][2] (b_ts)');
    expect((await send({ gain: 1 }, [], ['date', 'e1_ts', 'e2_ts'])).error).toBe(23);
    expect((await send({ gain: 10 }, [[1, 1.7e308, 0]])).log).toBe(
      'scalar.data[0]: out_ts is past the largest double',
    );
  });
});
