import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import { MetadataScanner, Reflector, type DiscoveryService } from '@nestjs/core';
import { Type as TypeOf } from 'class-transformer';
import {
  IsNumber,
  IsPositive,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { type ErrorCode } from '../errors/error-codes.js';
import { KasemMethod } from './kasem-method.js';
import { type MethodDeclaration } from './method-declaration.js';
import { Methods } from './methods.js';

class NoParams {}

const series = (count: number) => Array.from({ length: count }, (_, i) => `s${i}_ts`);
const error = (code: number, status = 422): ErrorCode => ({ code, status, managed: true, when: 'Never.' });

/** A controller whose function `run` is a method. */
function controller(
  name: string,
  declaration: Partial<MethodDeclaration>,
  prefix: string | string[] = '',
): Type<object> {
  class Mounted {
    run(): never {
      throw new Error('nobody calls it');
    }
  }
  Object.defineProperty(Mounted, 'name', { value: name });
  Controller(prefix)(Mounted);
  KasemMethod({ paths: ['x'], params: NoParams, inputs: ['x_ts'], outputs: ['y_ts'], ...declaration })(
    Mounted.prototype,
    'run',
    Object.getOwnPropertyDescriptor(Mounted.prototype, 'run') as TypedPropertyDescriptor<() => never>,
  );
  return Mounted;
}

/** The faults that the check finds in controllers that are mounted together. */
function faults(...controllers: Type<object>[]): string[] {
  const discovery = { getControllers: () => controllers.map((metatype) => ({ metatype })) };
  const methods = new Methods(discovery as unknown as DiscoveryService, new MetadataScanner(), new Reflector());
  try {
    methods.onModuleInit();
  } catch (fault) {
    return (fault as Error).message.split('\n');
  }
  expect(methods.all).toHaveLength(controllers.length);
  return [];
}

class Band {
  @IsNumber()
  readonly low!: number;
}

class UntypedParams {
  @ValidateNested()
  readonly band!: Band;
}

class UnruledBand {
  readonly low = 5;
}

class NestedParams {
  @ValidateNested()
  @TypeOf(() => UnruledBand)
  readonly band!: UnruledBand;
}

class UnruledParams {
  readonly offset: number = 5;
}

@ValidatorConstraint({ async: true })
class LaterRule implements ValidatorConstraintInterface {
  validate(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

@ValidatorConstraint()
class AsyncRule implements ValidatorConstraintInterface {
  async validate(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

class AsyncParams {
  @Validate(LaterRule)
  readonly gain!: number;

  @Validate(AsyncRule)
  readonly offset!: number;
}

const OWN = error(1000);

class OwnErrorParams {
  @TypeOf(() => Number)
  @IsPositive({ context: { error: OWN } })
  readonly gain!: number;
}

describe('the check of the methods that are mounted', () => {
  it('takes methods that break no rule, even if they share an error', () => {
    expect(
      faults(
        controller('A', { inputs: series(510), outputs: series(510), params: OwnErrorParams }),
        controller('B', { paths: ['y', 'z'], inputs: [], errors: [OWN, error(1001)] }),
        controller('C', { paths: ['', ':id/x'], inputs: [{ name: 'a', optional: true }] }, 'prefix'),
      ),
    ).toEqual([]);
  });

  it.each<[string, Partial<MethodDeclaration>]>([
    ['paths: expected at least one path, got none', { paths: [] }],
    ['paths: expected no empty path', { paths: ['x', ''] }],
    ['paths: expected no empty path', { paths: ['/'] }],
    ['paths: no request reaches /größe: in a URL it is /gr%C3%B6%C3%9Fe', { paths: ['Größe'] }],
    ['paths: no request reaches /a?b: in a URL it is /a', { paths: ['a?b'] }],
    [
      'paths: expected none below /health or /metrics, which are for probes, got /health/index',
      { paths: ['health/index', 'health-index'] },
    ],
    ['paths: /x is also a path of A.run', { paths: ['x', '/X/'] }],
    ['outputs: expected at least one series, got none', { outputs: [] }],
    ['inputs: expected unique names, got x_ts twice', { inputs: ['x_ts', 'a', 'x_ts'] }],
    ['inputs: expected unique names, got x_ts twice', { inputs: ['x_ts', { name: 'x_ts', optional: true }] }],
    ['outputs: expected unique names, got x_ts twice', { outputs: ['x_ts', 'x_ts'] }],
    ['inputs: expected series without date, which every frame has', { inputs: ['date', 'x_ts'] }],
    ['outputs: expected series without date, which every frame has', { outputs: ['date'] }],
    ['inputs: expected at most 510 series, got 511', { inputs: series(511) }],
    ['outputs: expected at most 510 series, got 600', { outputs: series(600) }],
    ['errors: expected integer codes from 1000 on, got 999', { errors: [error(999)] }],
    ['errors: expected integer codes from 1000 on, got 1000.5', { errors: [error(1000.5)] }],
    ['errors: expected an HTTP status from 400 to 599 for 1000, got 200', { errors: [error(1000, 200)] }],
    ['errors: 1000 is also another error of A.run', { errors: [error(1000), error(1000)] }],
    [
      'params: UntypedParams.band: @ValidateNested() needs @Type(() => …), or its rules are not checked',
      { params: UntypedParams },
    ],
    [
      'params: UnruledBand.low: expected a rule of class-validator, or what a body gives is ignored',
      { params: NestedParams },
    ],
    [
      'params: UnruledParams.offset: expected a rule of class-validator, or what a body gives is ignored',
      { params: UnruledParams },
    ],
    [
      'params: Failure is also another class of the service; the API description needs one name for each',
      { params: (() => class Failure {})() },
    ],
  ])('names class and function: %s', (fault, declaration) => {
    expect(faults(controller('A', declaration))).toEqual([`A.run: ${fault}`]);
  });

  it('finds rules that are asynchronous', () => {
    const fault = (property: string) =>
      `A.run: params: AsyncParams.${property}: expected rules that are not asynchronous, since nothing waits for their result`;
    expect(faults(controller('A', { params: AsyncParams }))).toEqual([fault('gain'), fault('offset')]);
  });

  it.each<[string, Partial<MethodDeclaration>, string | string[], string]>([
    ['the path that another has', { paths: ['y', '/X/'] }, '', 'paths: /x is also a path of A.run'],
    ['one with the prefix of its controller', { paths: ['b'] }, ['z', 'a'], 'paths: /a/b is also a path of A.run'],
    [
      'the code of an error that another has',
      { paths: ['y'], errors: [error(1000)] },
      '',
      'errors: 1000 is also another error of A.run',
    ],
    [
      'the name that the class of another has',
      { paths: ['y'], params: (() => class OwnErrorParams {})() },
      '',
      'params: OwnErrorParams is also another class of A.run; the API description needs one name for each',
    ],
  ])('finds %s', (_, declaration, prefix, fault) => {
    const first = controller('A', { paths: ['x', 'a//b'], params: OwnErrorParams });
    expect(faults(first, controller('B', declaration, prefix))).toEqual([`B.run: ${fault}`]);
  });

  it('reports all faults at once', () => {
    expect(faults(controller('A', { outputs: [] }), controller('B', { inputs: ['date'] }))).toHaveLength(3);
  });
});
