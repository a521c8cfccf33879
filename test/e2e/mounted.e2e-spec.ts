import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Controller, Module, type Type } from '@nestjs/common';
import { IsNumber, IsString } from 'class-validator';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { announce } from '../../src/announce.js';
import { Environment } from '../../src/common/config/environment.js';
import {
  declareMethod,
  KasemMethod,
  type MethodCall,
  type MethodResult,
} from '../../src/common/method/kasem-method.js';
import { MethodModule } from '../../src/common/method/method.module.js';
import { Methods } from '../../src/common/method/methods.js';
import { TimeSeriesModule } from '../../src/modules/time-series/time-series.module.js';
import { BandEnergyModule } from '../fixtures/methods/band-energy/band-energy.module.js';
import { DifferenceModule } from '../fixtures/methods/difference/difference.module.js';
import { HourlyMeanModule } from '../fixtures/methods/hourly-mean/hourly-mean.module.js';
import { call } from '../support/http.js';
import { ROOT, startMethods, type Service } from '../support/service.js';

class PlaceParams {
  @IsString()
  readonly text!: string;
}

const PLACE = declareMethod({
  paths: ['method'],
  params: PlaceParams,
  inputs: ['x_ts', { name: 'y_ts', optional: true }],
  outputs: ['out_ts'],
  examples: [
    {
      summary: 'One missing sample',
      param: { text: `it's "me" @ $HOME` },
      rows: [
        [1420066800, 1, 2],
        [1420066801, null, 3],
      ],
      response: [
        [1420066800, 1],
        [1420066801, null],
      ],
      log: '2 rows, missing: 1 in x_ts; it\'s "me" @ $HOME',
    },
  ],
});

/** A method that replaces the sum. */
@Controller()
class PlaceController {
  @KasemMethod(PLACE)
  place({ params, frame, note }: MethodCall<typeof PLACE>): MethodResult<typeof PLACE> {
    note(params.text);
    return { out_ts: frame.column('x_ts').slice() };
  }
}

@Module({ imports: [MethodModule], controllers: [PlaceController] })
class PlaceModule {}

const BARE = declareMethod({ paths: ['bare'], params: PlaceParams, inputs: ['x_ts'], outputs: ['out_ts'] });
const SECOND = declareMethod({ ...BARE, paths: ['second'] });

/** Methods without an example that differ only in their paths. */
@Controller()
class BareController {
  @KasemMethod(BARE)
  bare({ frame }: MethodCall<typeof BARE>): MethodResult<typeof BARE> {
    return { out_ts: frame.column('x_ts').slice() };
  }

  @KasemMethod(SECOND)
  second(call: MethodCall<typeof SECOND>): MethodResult<typeof SECOND> {
    return this.bare(call);
  }
}

@Module({ imports: [MethodModule], controllers: [BareController] })
class BareModule {}

class NamesParams {
  @IsNumber()
  readonly data!: number;
}

const NAMES = declareMethod({
  paths: ['names'],
  params: NamesParams,
  inputs: ['x', 'xx', 'datex'],
  outputs: ['y'],
  examples: [
    {
      summary: 'One row',
      param: { data: 5 },
      rows: [[0, 1, 2, 3]],
      response: [[0, 5]],
      log: '1 row, none missing',
    },
  ],
});

/** A method whose names are likely to clash with those in a case. */
@Controller()
class NamesController {
  @KasemMethod(NAMES)
  names({ params, frame }: MethodCall<typeof NAMES>): MethodResult<typeof NAMES> {
    return { y: frame.column('x').map((value) => value * params.data) };
  }
}

@Module({ imports: [MethodModule], controllers: [NamesController] })
class NamesModule {}

/** Runs the built command. */
async function check(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/kasem.js'), 'check', ...args]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

describe.each<[string, Type[], string[], string]>([
  [
    'further methods',
    [TimeSeriesModule, DifferenceModule, NamesModule, BareModule],
    ['/method', '/sum', '/difference', '/names', '/bare', '/second'],
    '4 rows, none missing',
  ],
  [
    'several methods',
    [HourlyMeanModule, BandEnergyModule, TimeSeriesModule],
    ['/hourly-mean', '/band-energy', '/method', '/sum'],
    '4 rows, missing: 1 in x_ts; 2 rows out',
  ],
  ['a method instead of the sum', [PlaceModule], ['/method'], '2 rows, missing: 1 in x_ts; it\'s "me" @ $HOME'],
])('with %s', (_, modules, paths, log) => {
  let service: Service;
  let methods: Methods;
  let environment: Environment;
  beforeAll(async () => {
    service = await startMethods({ PLAYGROUND: 'off' }, modules, (app) => {
      methods = app.get(Methods);
      environment = app.get(Environment);
    });
  });
  afterAll(() => service.close());

  it('the announcement at startup has a call that works as it is', async () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    announce({ address: '127.0.0.1', family: 'IPv4', port: service.port }, environment, pino(), methods.example);
    const text = write.mock.calls.map(([line]) => String(line)).join('');
    write.mockRestore();
    const command = /^ {2}try +(.*)$/m.exec(text)?.[1];
    const { stdout } = await promisify(execFile)('sh', ['-c', String(command)]);
    expect(JSON.parse(stdout)).toMatchObject({ error: 0, log });
  });

  it('/ and the description list them', async () => {
    const index = await call(service.url, { method: 'GET', path: '/' });
    const routes = index.json.routes as { path: string; methods: string[] }[];
    const posts = routes.filter(({ methods }) => methods.includes('POST')).map(({ path }) => path);
    expect(new Set(posts)).toEqual(new Set(paths));
    const description = await call(service.url, { method: 'GET', path: '/openapi.json' });
    const described = Object.entries(description.json.paths as object).filter(([, item]) => 'post' in (item as object));
    expect(new Set(described.map(([path]) => path))).toEqual(new Set(paths));
  });

  it('kasem check checks each of them against the contract, and says what it leaves out', async () => {
    const { code, out, err } = await check(service.url, '--json');
    const { cases } = JSON.parse(out) as { cases: { name: string; holds: boolean; faults?: string[] }[] };
    expect(cases.filter(({ holds }) => !holds)).toEqual([]);
    expect(code).toBe(0);
    // /sum is the second path of /method.
    const tops = paths.filter((path) => path !== '/sum');
    if (tops.length > 1)
      for (const path of tops) expect(cases.some(({ name }) => name.startsWith(`${path}: `))).toBe(true);
    const others = tops.filter((path) => path !== '/method' || modules.includes(PlaceModule));
    expect(err.match(/^kasem: \S+ is not the sum/gm)).toEqual(
      expect.arrayContaining(others.map((path) => `kasem: ${path} is not the sum`)),
    );
    expect(err.includes('/bare has no example')).toBe(modules.includes(BareModule));
  });
});
