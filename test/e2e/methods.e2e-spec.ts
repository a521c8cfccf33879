import { once } from 'node:events';
import { Controller, Logger, Module } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsNumber, IsOptional, ValidateNested } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ErrorCode } from '../../src/common/errors/error-codes.js';
import { KasemError } from '../../src/common/errors/kasem.error.js';
import {
  declareMethod,
  KasemMethod,
  type MethodCall,
  type MethodResult,
} from '../../src/common/method/kasem-method.js';
import { MethodModule } from '../../src/common/method/method.module.js';
import { HourlyMeanModule } from '../fixtures/methods/hourly-mean/hourly-mean.module.js';
import { call, eventually, rawRequest } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const START = 1_420_066_800;

const bodyOf = (param: object, headers: string[], data: unknown) =>
  JSON.stringify({ param, scalar: { headers, data } });

describe('a method with rows of its own', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [HourlyMeanModule]);
  });
  afterAll(() => service.close());

  const send = async (data: unknown, param: object = {}) =>
    (await call(service.url, { path: '/hourly-mean', body: bodyOf(param, ['date', 'x_ts'], data) })).json;
  const response = (data: number[][], log: string) => ({
    scalar: { headers: ['date', 'mean_ts'], data },
    error: 0,
    log,
  });

  it('answers them under dates of its own, and says how many', async () => {
    const rows = [0, 900, 1800, 2700, 3600].map((seconds, i) => [START + seconds, i]);
    expect(await send(rows)).toEqual(
      response(
        [
          [START, 1.5],
          [START + 3600, 4],
        ],
        '5 rows, none missing; 2 rows out',
      ),
    );
    expect(await send(rows, { minSamples: 2 })).toEqual(
      response([[START, 1.5]], '5 rows, none missing; 1 row out'),
    );
  });

  it('may have none', async () => {
    expect(await send([[START, null]])).toEqual(response([], '1 row, missing: 1 in x_ts; 0 rows out'));
    expect(await send([])).toEqual(response([], '0 rows, none missing; 0 rows out'));
  });

  it("is refused with the response's row and its date where a result overflows", async () => {
    const data = [
      [START, 1],
      [START + 3600, 1.7e308],
      [START + 3601, 1.7e308],
    ];
    expect(await send(data)).toEqual({
      error: 30,
      log: `the response's scalar.data[1] (date ${START + 3600}): mean_ts is past the largest double`,
    });
  });
});

class Band {
  @IsNumber()
  readonly low!: number;
}

class Machine {
  @ValidateNested()
  @Type(() => Band)
  readonly band!: Band;
}

class AnyParams {
  @IsOptional()
  @IsIn(['date', 'NaN date', 'undeclared', 'declared', 'common'])
  readonly fault?: string;

  @IsOptional()
  @IsNumber()
  readonly offset: number = 5;

  @IsOptional()
  @ValidateNested()
  @Type(() => Machine)
  readonly machine?: Machine;
}

const error = (code: number): ErrorCode => ({ code, status: 422, managed: true, when: 'Never.' });
const [DECLARED, UNDECLARED] = [error(1700), error(1701)];

const ANY = declareMethod({
  paths: ['any'],
  params: AnyParams,
  inputs: ['x', { name: 'y', optional: true }, { name: 'z', optional: true }],
  outputs: ['out'],
  errors: [DECLARED],
});

const FORECAST = declareMethod({
  paths: ['forecast'],
  params: AnyParams,
  inputs: [],
  outputs: ['out'],
  rows: 'own',
});

const WAITING = declareMethod({ paths: ['waiting'], params: AnyParams, inputs: [], outputs: ['out'] });

/** Those that wait, by their signal. */
const waiting: AbortSignal[] = [];

@Controller()
class AnyController {
  /** out = x + y + offset, of y what is there; with each fault that there is, if it is asked for. */
  @KasemMethod(ANY)
  any({ params, frame, note }: MethodCall<typeof ANY>): MethodResult<typeof ANY> {
    const { fault, offset } = params;
    if (fault === 'undeclared') throw new KasemError(UNDECLARED, 'scalar.data[0]: no');
    if (fault === 'declared') throw new KasemError(DECLARED, 'scalar.data[0]: no');
    if (fault === 'common') throw new KasemError('INVALID_SAMPLE', 'scalar.data[0]: no');
    const y = frame.column('y');
    if (y === undefined) note('without y');
    if (frame.column('z') === undefined) note('without "z"');
    const out = frame.column('x').map((x, row) => x + (y?.[row] ?? 0) + offset);
    return fault === 'date' ? ({ date: frame.column('date'), out } as never) : { out };
  }

  @KasemMethod(FORECAST)
  forecast({ params, frame }: MethodCall<typeof FORECAST>): MethodResult<typeof FORECAST> {
    const last = frame.column('date').at(-1) ?? 0;
    const date = Float64Array.of(last + 60, params.fault === 'NaN date' ? NaN : last + 120);
    return { date, out: Float64Array.of(1, NaN) };
  }

  @KasemMethod(WAITING)
  async waiting({
    params,
    frame,
    signal,
  }: MethodCall<typeof WAITING>): Promise<MethodResult<typeof WAITING>> {
    waiting.push(signal);
    if (frame.length > 0) await once(signal, 'abort');
    // Holds the event loop for so many milliseconds.
    for (const end = performance.now() + params.offset; performance.now() < end;);
    return { out: frame.column('date') };
  }
}

@Module({ imports: [MethodModule], controllers: [AnyController] })
class AnyModule {}

describe('a method', () => {
  const logged: { err: Error }[] = [];
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [AnyModule]);
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (fault: (typeof logged)[number]) => void logged.push(fault),
    });
  });
  afterAll(() => service.close());

  const send = async (
    path: string,
    param: object,
    headers = ['date', 'x', 'y', 'z'],
    data: unknown = [[START, 1, 2, 3]],
    { url } = service,
  ) => await call(url, { path, body: bodyOf(param, headers, data) });

  it('is given an optional input where the body has it, and notes what a person should know', async () => {
    expect((await send('/any', {})).json).toMatchObject({
      scalar: { data: [[START, 8]] },
      log: '1 row, none missing',
    });
    expect((await send('/any', {}, ['y', 'date', 'other', 'x'], [[null, START, 'a', 1]])).json).toMatchObject(
      {
        scalar: { data: [[START, null]] },
        log: '1 row, missing: 1 in y; without "z"',
      },
    );
    expect((await send('/any', {}, ['x', 'date'], [[1, START]])).json).toMatchObject({
      scalar: { data: [[START, 6]] },
      log: '1 row, none missing; without y; without "z"',
    });
  });

  it('is refused an optional input that is wrong or stands twice, and one missing that is not optional', async () => {
    const wrong = await send('/any', {}, ['x', 'z', 'date'], [[1, 'a', START]]);
    expect(wrong.json.log).toBe(
      'scalar.data[0][1] (z): expected a number or a missing sample, got the string "a"',
    );
    expect((await send('/any', {}, ['x', 'y', 'date', 'y'], [])).json.error).toBe(22);
    expect((await send('/any', {}, ['y', 'date'], [])).json.error).toBe(23);
  });

  it('may be dated beyond the last row', async () => {
    const { json } = await send('/forecast', {});
    expect(json).toMatchObject({
      scalar: {
        data: [
          [START + 60, 1],
          [START + 120, null],
        ],
      },
      log: '1 row, none missing; 2 rows out',
    });
  });

  it.each([
    [{ offset: null }, 8],
    [{ offset: 1 }, 4],
    [{ machine: null }, 8],
  ])('computes with the default of a param that is left out or null: %j', async (param, out) => {
    expect((await send('/any', param)).json.scalar?.data).toEqual([[START, out]]);
  });

  it.each([
    [{ machine: {} }, 'param.machine.band: expected an object, got nothing'],
    [{ machine: { band: { low: 'x' } } }, 'param.machine.band.low: expected a number, got the string "x"'],
  ])('refuses nested params by their path: %j', async (param, log) => {
    expect((await send('/any', param)).json).toEqual({ error: 21, log });
  });

  it.each([
    [
      '/any',
      'date',
      "AnyController.any: the method gave date, and is declared to give out; dates of its own need rows: 'own'",
    ],
    ['/forecast', 'NaN date', 'AnyController.forecast: the method gave the date NaN in row 1'],
    ['/any', 'undeclared', 'AnyController.any threw the error 1701, which is not among its declared errors'],
  ])('that is at fault at %s with %s is a 500, and named in the log', async (path, fault, message) => {
    const { status, json } = await send(path, { fault });
    expect([status, json.error]).toEqual([500, 50]);
    expect(logged.at(-1)?.err.message).toBe(message);
  });

  it.each([
    ['declared', 1700],
    ['common', 25],
  ])('may throw an error that is %s', async (fault, code) => {
    expect((await send('/any', { fault })).json).toEqual({ error: code, log: 'scalar.data[0]: no' });
  });

  it('is not stopped by an undeclared error in production, where it is only logged', async () => {
    const production = await startService({ NODE_ENV: 'production', LOG_LEVEL: 'silent' }, [AnyModule]);
    const errors: { err: Error }[] = [];
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (fault: { err: Error }) => void errors.push(fault),
    });
    const { json } = await send('/any', { fault: 'undeclared' }, undefined, undefined, production);
    await production.close();
    expect(json).toEqual({ error: 1701, log: 'scalar.data[0]: no' });
    expect(errors.map(({ err }) => err.message)).toEqual([
      'AnyController.any threw the error 1701, which is not among its declared errors',
    ]);
  });

  it('is told by its signal that the client has gone', async () => {
    const body = bodyOf({}, ['date'], [[START]]);
    const client = rawRequest(service.port, [`Content-Length: ${body.length}`], '/waiting');
    client.send(body);
    await eventually(() => waiting.length > 0);
    const [signal] = waiting as [AbortSignal];
    expect(signal.aborted).toBe(false);
    const aborted = once(signal, 'abort');
    client.close();
    await aborted;
    expect((signal.reason as Error).message).toBe('the client went away');
  });

  it('is told nothing when the client has its response', async () => {
    const before = waiting.length;
    expect((await send('/waiting', {}, ['date'], [])).json.error).toBe(0);
    // By the next response the connection of the first is closed.
    await send('/any', {});
    expect(waiting[before]?.aborted).toBe(false);
  });
});

describe('a method that does not finish in time', () => {
  const warnings: string[] = [];
  let service: Service;
  beforeAll(async () => {
    service = await startService({ METHOD_TIMEOUT_MS: '50' }, [AnyModule]);
    Logger.overrideLogger({
      log: () => undefined,
      warn: ({ msg }: { msg: string }) => void warnings.push(msg),
      error: () => undefined,
    });
  });
  afterAll(() => service.close());

  const send = async (param: object, data: number[][]) =>
    await call(service.url, { path: '/waiting', body: bodyOf(param, ['date'], data) });

  it('is answered with its error, and told by its signal', async () => {
    const before = waiting.length;
    const log = 'the method did not finish within 50 milliseconds';
    const { status, json } = await send({}, [[START]]);
    expect([status, json]).toEqual([503, { error: 53, log }]);
    expect((waiting[before]?.reason as Error).message).toBe(log);
    expect(warnings).toEqual([]);
    expect((await send({}, [])).json.error).toBe(0);
  });

  it('sends its late result where it held the event loop, and is named in the log', async () => {
    const before = waiting.length;
    warnings.length = 0;
    const { status, json } = await send({ offset: 60 }, []);
    expect([status, json.error]).toEqual([200, 0]);
    expect(waiting[before]?.aborted).toBe(false);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^AnyController\.waiting held the event loop for \d+ milliseconds, past METHOD_TIMEOUT_MS=50$/,
      ),
    ]);
  });
});

describe('a declaration that breaks a rule', () => {
  const BROKEN = declareMethod({
    paths: ['sum', 'broken'],
    params: AnyParams,
    inputs: ['date', 'x_ts'],
    outputs: ['x_ts'],
  });

  @Controller()
  class BrokenController {
    @KasemMethod(BROKEN)
    run({ frame }: MethodCall<typeof BROKEN>): MethodResult<typeof BROKEN> {
      return { x_ts: frame.column('x_ts') };
    }
  }

  @Module({ imports: [MethodModule], controllers: [BrokenController] })
  class BrokenModule {}

  it('keeps the service from listening, and is told with class, function and rule', async () => {
    await expect(startService({}, [BrokenModule])).rejects.toThrow(
      new Error(
        'BrokenController.run: inputs: expected series without date, which every frame has\n' +
          'TimeSeriesController.sum: paths: /sum is also a path of BrokenController.run',
      ),
    );
  });
});
