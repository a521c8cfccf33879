import { once } from 'node:events';
import { Controller, Logger, Module } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
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
import { postFrame } from '../support/frame.js';
import { call, eventually, metric, rawRequest } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const START = 1_420_066_800;

const bodyOf = (param: object, headers: string[], data: unknown) =>
  JSON.stringify({ param, scalar: { headers, data } });

describe('a method with its own rows', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [HourlyMeanModule]);
  });
  afterAll(() => service.close());

  const send = (date: number[], x_ts: (number | null)[], param?: object) =>
    postFrame(service, '/hourly-mean', { date, x_ts }, param);

  it('returns them with its own dates, and says how many', async () => {
    const date = [0, 900, 1800, 2700, 3600].map((seconds) => START + seconds);
    expect(await send(date, [0, 1, 2, 3, 4])).toEqual({
      columns: { date: [START, START + 3600], mean_ts: [1.5, 4] },
      error: 0,
      log: '5 rows, none missing; 2 rows out',
    });
    expect(await send(date, [0, 1, 2, 3, 4], { minSamples: 2 })).toEqual({
      columns: { date: [START], mean_ts: [1.5] },
      error: 0,
      log: '5 rows, none missing; 1 row out',
    });
  });

  it('may have none', async () => {
    const none = { columns: { date: [], mean_ts: [] }, error: 0 };
    expect(await send([START], [null])).toEqual({ ...none, log: '1 row, missing: 1 in x_ts; 0 rows out' });
    expect(await send([], [])).toEqual({ ...none, log: '0 rows, none missing; 0 rows out' });
  });

  it("is refused with the response's row and its date if a result overflows", async () => {
    expect(await send([START, START + 3600, START + 3601], [1, 1.7e308, 1.7e308])).toEqual({
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

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Band)
  readonly others: readonly Band[] = [];

  @IsOptional()
  @IsNumber({}, { each: true })
  readonly weights: readonly number[] = [1, 1];
}

class AnyParams {
  @IsOptional()
  @IsString()
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
/** Errors that no method may have: the code of success, and a code of the service with another status. */
const [ZERO, TAKEN] = [error(0), { ...error(25), status: 418 }];

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

/** The signals of the calls that wait. */
const waiting: AbortSignal[] = [];

@Controller()
class AnyController {
  /** out = x + y + offset, with y = 0 if the body has no y. The param `fault` chooses a fault. */
  @KasemMethod(ANY)
  any({ params, frame, note }: MethodCall<typeof ANY>): MethodResult<typeof ANY> {
    const { fault, offset } = params;
    if (fault === 'undeclared') throw new KasemError(UNDECLARED, 'scalar.data[0]: no');
    if (fault === 'zero') throw new KasemError(ZERO, 'no');
    if (fault === 'taken') throw new KasemError(TAKEN, 'no');
    if (fault === 'string') throw 'no error';
    if (fault === 'reversed dates') frame.column('date').reverse();
    if (fault === 'long note') note('no'.repeat(1 << 20));
    if (fault === 'declared') throw new KasemError(DECLARED, 'scalar.data[0]: no');
    if (fault === 'common') throw new KasemError('INVALID_SAMPLE', 'scalar.data[0]: no');
    const y = frame.column('y');
    if (frame.column('z') === undefined) note('no "z"');
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
  async waiting({ params, frame, signal }: MethodCall<typeof WAITING>): Promise<MethodResult<typeof WAITING>> {
    waiting.push(signal);
    if (frame.length > 0) await once(signal, 'abort');
    // Holds the event loop for `offset` milliseconds.
    for (const end = performance.now() + params.offset; performance.now() < end;);
    return { out: frame.column('date') };
  }
}

/** A method with a prefix, whose path another method has without one. */
@Controller('Pump')
class PumpController {
  @KasemMethod(FORECAST)
  forecast({ frame }: MethodCall<typeof FORECAST>): MethodResult<typeof FORECAST> {
    return { date: frame.column('date'), out: frame.column('date') };
  }
}

@Module({ imports: [MethodModule], controllers: [AnyController, PumpController] })
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

  it('receives an optional input if the body has it, and can add a note to the log', async () => {
    expect((await send('/any', {})).json).toMatchObject({
      scalar: { data: [[START, 8]] },
      log: '1 row, none missing',
    });
    expect((await send('/any', {}, ['y', 'date', 'other', 'x'], [[null, START, 'a', 1]])).json).toMatchObject({
      scalar: { data: [[START, null]] },
      log: '1 row, missing: 1 in y; without z; no "z"',
    });
    expect((await send('/any', {}, ['x', 'date'], [[1, START]])).json).toMatchObject({
      scalar: { data: [[START, 6]] },
      log: '1 row, none missing; without y, z; no "z"',
    });
  });

  it('refuses an optional input that is wrong or appears twice, and a missing one that is not optional', async () => {
    const wrong = await send('/any', {}, ['x', 'z', 'date'], [[1, 'a', START]]);
    expect(wrong.json.log).toBe('scalar.data[0][1] (z): expected a number or a missing sample, got the string "a"');
    expect((await send('/any', {}, ['x', 'y', 'date', 'y'], [])).json.error).toBe(22);
    expect((await send('/any', {}, ['y', 'date'], [])).json.error).toBe(23);
  });

  it('is counted by its full path', async () => {
    for (const path of ['/forecast', '/pump/forecast/']) await send(path, {}, ['date'], []);
    for (const method of ['forecast', 'pump/forecast'])
      await eventually(
        async () =>
          (await metric(service.url, `kasem_method_calls_total{method="${method}",outcome="success",error="0"}`)) === 1,
      );
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

  it('may change its columns, and the response still has the dates of the request', async () => {
    const rows = [
      [START, 1, 2, 3],
      [START + 1, 4, 5, 6],
    ];
    const { json } = await send('/any', { fault: 'reversed dates' }, undefined, rows);
    expect(json.scalar?.data).toEqual([
      [START, 8],
      [START + 1, 14],
    ]);
  });

  it('that adds a note of a megabyte gets it cut', async () => {
    const { json } = await send('/any', { fault: 'long note' });
    expect(json.log).toMatch(/^1 row, none missing; (no)+n?… \(2097173 characters\)$/);
    expect(json.log.length).toBeLessThan(66_000);
  });

  it.each([
    [{ offset: null }, 8],
    [{ offset: 1 }, 4],
    [{ machine: null }, 8],
  ])('uses the default of a param that is left out or null: %j', async (param, out) => {
    expect((await send('/any', param)).json.scalar?.data).toEqual([[START, out]]);
  });

  it.each([
    [{ machine: {} }, 'param.machine.band: expected an object, got nothing'],
    [{ machine: { band: { low: 'x' } } }, 'param.machine.band.low: expected a number, got the string "x"'],
    [
      { machine: { band: { low: 1 }, others: [{ low: 1 }, {}] } },
      'param.machine.others[1].low: expected a number, got nothing',
    ],
    [{ machine: { band: { low: 1 }, weights: [1, null] } }, 'param.machine.weights[1]: expected a number, got null'],
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
    ['/any', 'zero', 'AnyController.any threw the error 0, which is not among its declared errors'],
    ['/any', 'taken', 'AnyController.any threw the error 25, which is not among its declared errors'],
    ['/any', 'string', 'thrown without an Error: no error'],
  ])('that is faulty is a 500 and named in the log: %s, %s', async (path, fault, message) => {
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
    const zero = await send('/any', { fault: 'zero' }, undefined, undefined, production);
    await production.close();
    expect(json).toEqual({ error: 1701, log: 'scalar.data[0]: no' });
    // Code 0 would mean success.
    expect([zero.status, zero.json.error]).toEqual([500, 50]);
    expect(errors.map(({ err }) => err.message)).toEqual([
      'AnyController.any threw the error 1701, which is not among its declared errors',
      'AnyController.any threw the error 0, which is not among its declared errors',
    ]);
  });

  it('learns from its signal that the client has disconnected', async () => {
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

  it('gets no signal after the client has its response', async () => {
    const before = waiting.length;
    expect((await send('/waiting', {}, ['date'], [])).json.error).toBe(0);
    // After the next response the first connection is closed.
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

  it('gets its own error, and is aborted by its signal', async () => {
    const before = waiting.length;
    const log = 'the method did not finish within 50 milliseconds';
    const { status, json, headers } = await send({}, [[START]]);
    expect([status, json]).toEqual([503, { error: 53, log }]);
    // A timer may fire a fraction of a millisecond early.
    expect(Number(/compute;dur=(.*)/.exec(String(headers['server-timing']))?.[1])).toBeGreaterThan(48);
    expect((waiting[before]?.reason as Error).message).toBe(log);
    expect(warnings).toEqual([]);
    expect((await send({}, [])).json.error).toBe(0);
  });

  it('still sends a late result if it held the event loop, and is named in the log', async () => {
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

  it('keeps the service from listening, and is reported with class, function and rule', async () => {
    await expect(startService({}, [BrokenModule])).rejects.toThrow(
      new Error(
        'BrokenController.run: inputs: expected series without date, which every frame has\n' +
          'BrokenController.run: paths: /sum is also a path of TimeSeriesController.sum',
      ),
    );
  });
});
