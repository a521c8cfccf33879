import { Controller, Headers, Module } from '@nestjs/common';
import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';
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
import { DifferenceModule } from '../fixtures/methods/difference/difference.module.js';
import { bodyOf, call } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

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

  it('runs beside the sum, with its own params and series', async () => {
    const response = await send({ gain: 2, offset: 1 });
    expect(response).toEqual({
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
    [{ gain: 0 }, 1000, 'param.gain: expected above 0, got 0'],
    [{}, 1000, 'param.gain: expected above 0, got nothing'],
    [{ gain: 1, offset: 'x' }, 21, 'param.offset: expected a finite number, got the string "x"'],
  ])('refuses %j with its own error or the common one', async (param, error, log) => {
    expect(await send(param)).toEqual({ error, log });
  });

  it('gets everything else from the service', async () => {
    expect((await send({ gain: 1 }, [[1, 2, 'x']])).log).toContain('scalar.data[0][2] (b_ts)');
    expect((await send({ gain: 1 }, [], ['date', 'e1_ts', 'e2_ts'])).error).toBe(23);
    expect((await send({ gain: 10 }, [[1, 1.7e308, 0]])).log).toBe('scalar.data[0]: out_ts is past the largest double');
  });
});

class MovingParams {
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly window!: number;

  @IsOptional()
  @IsIn(['mean', 'sum', 'short', 'none', 'refused'])
  readonly kind: string = 'mean';

  @IsOptional()
  @IsBoolean()
  readonly reversed: boolean = false;

  @IsOptional()
  @IsNumber({}, { each: true })
  readonly weights: readonly number[] = [1, 1, 1];
}

const TENANTS: (string | undefined)[] = [];

const REFUSED: ErrorCode = { code: 1001, status: 422, managed: true, when: 'Never.' };

const MOVING = declareMethod({
  paths: ['moving'],
  params: MovingParams,
  inputs: ['x', 'y', 'z'],
  outputs: ['level', 'spread'],
  errors: [REFUSED],
});

/** A method with three inputs, two outputs, params of all types, and faults on request. */
@Controller()
class MovingController {
  @KasemMethod(MOVING)
  async moving(
    { params, frame }: MethodCall<typeof MOVING>,
    @Headers('x-tenant') tenant?: string,
  ): Promise<MethodResult<typeof MOVING>> {
    const { window, kind, reversed, weights } = params;
    TENANTS.push(tenant);
    if (kind === 'refused') throw new KasemError(REFUSED, 'scalar.data[1][2]: no more');
    const series = MOVING.inputs.map((name) => frame.column(name));
    const rows = Array.from({ length: frame.length }, (_, row) =>
      series.map((column, c) => (column[row] as number) * (weights[c] as number)),
    );
    const level = Float64Array.from(rows, (_, row) => {
      const from = rows.slice(Math.max(0, row - window + 1), row + 1).flat();
      const sum = from.reduce((a, b) => a + b, 0);
      return kind === 'mean' ? sum / from.length : sum;
    });
    const spread = Float64Array.from(rows, (row) => Math.max(...row) - Math.min(...row));
    await Promise.resolve();
    if (kind === 'none') return { level } as MethodResult<typeof MOVING>;
    return {
      spread: kind === 'short' ? spread.subarray(1) : spread,
      level: reversed ? level.reverse() : level,
    };
  }
}

@Module({ imports: [MethodModule], controllers: [MovingController] })
class MovingModule {}

describe('a method with several outputs', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [MovingModule]);
  });
  afterAll(() => service.close());

  const data = [
    [1, 1, 2, 3],
    [2, 4, 5, 6],
    [3, 7, null, 9],
  ];
  const send = async (param: object, headers = {}) =>
    await call(service.url, {
      path: '/moving',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ param, scalar: { headers: ['date', 'x', 'y', 'z'], data } }),
    });

  it('returns them in the declared order', async () => {
    const response = (await send({ window: 2 })).json;
    expect(response.scalar).toEqual({
      headers: ['date', 'level', 'spread'],
      data: [
        [1, 2, 2],
        [2, 3.5, 2],
        [3, null, null],
      ],
    });
    expect(response.log).toBe('3 rows, missing: 1 in y');
  });

  it('may have further parameters after the call', async () => {
    await send({ window: 2 }, { 'X-Tenant': 'acme' });
    expect(TENANTS.at(-1)).toBe('acme');
  });

  it('has params of any type', async () => {
    const param = { window: 1, kind: 'sum', reversed: true, weights: [1, 0, 1] };
    expect((await send(param)).json.scalar?.data.map(([, level]) => level)).toEqual([null, 10, 4]);
  });

  it.each([
    [{}, 'param.window: expected an integer number, got nothing'],
    [{ window: 1.5 }, 'param.window: expected an integer number, got 1.5'],
    [{ window: 0 }, 'param.window: expected not less than 1, got 0'],
    [{ window: 1, kind: 'x' }, 'param.kind: expected one of the following values: mean, sum, short, none, refused'],
    [{ window: 1, reversed: 1 }, 'param.reversed: expected a boolean value, got 1'],
    [{ window: 1, weights: [1, '2'] }, 'param.weights[1]: expected a number, got the string "2"'],
  ])('refuses %j with the rule’s message', async (param, log) => {
    const { json } = await send(param);
    expect(json.error).toBe(21);
    expect(json.log).toContain(log);
  });

  it('may refuse a row with an error of its own', async () => {
    expect((await send({ window: 1, kind: 'refused' })).json).toEqual({
      error: 1001,
      log: 'scalar.data[1][2]: no more',
    });
  });

  it.each(['short', 'none'])('is itself at fault if an output is %s, and tells the client nothing', async (kind) => {
    const { status, json } = await send({ window: 1, kind });
    expect([status, json.error]).toEqual([500, 50]);
    expect(json.log).not.toContain('spread');
  });
});

class NoParams {}

const KEEPING = declareMethod({
  paths: ['keeping'],
  params: NoParams,
  inputs: ['x'],
  outputs: ['same', 'kept'],
});

/** Returns one of its inputs, and a column that it reuses in each call. */
@Controller()
class KeepingController {
  private readonly ramp = Float64Array.from({ length: 5_000 }, (_, row) => row);

  @KasemMethod(KEEPING)
  keeping({ frame }: MethodCall<typeof KEEPING>): MethodResult<typeof KEEPING> {
    return { same: frame.column('x'), kept: this.ramp.subarray(0, frame.length) };
  }
}

@Module({ imports: [MethodModule], controllers: [KeepingController] })
class KeepingModule {}

describe('a method that returns columns which it still uses', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [KeepingModule]);
  });
  afterAll(() => service.close());

  it.each([1, 5_000])('returns them complete in each call, with %d rows', async (rows) => {
    const data = Array.from({ length: rows }, (_, row) => [1_420_066_800 + row, row / 8]);
    const body = JSON.stringify({ param: {}, scalar: { headers: ['date', 'x'], data } });
    const expected = data.map(([date, x], row) => [date, x, row]);
    for (let i = 0; i < 3; i++) {
      const { json } = await call(service.url, { path: '/keeping', body });
      expect(json.scalar?.data).toEqual(expected);
    }
  });
});
