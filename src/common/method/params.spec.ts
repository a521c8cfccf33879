import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { type ErrorCode } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { dtosOf, errorsOfRules, paramNames, untypedProperties, validateParams } from './params.js';

const own = (code: number): ErrorCode => ({ code, status: 422, managed: true, when: 'Never.' });
const TOO_LONG = own(1_001);
const TOO_LOW = own(1_002);
const NEGATIVE = own(1_003);

class Band {
  @IsNumber()
  @Min(0, { context: { error: TOO_LOW } })
  readonly low!: number;

  @IsOptional()
  @IsNumber()
  readonly high: number = 100;
}

class Machine {
  @ValidateNested()
  @Type(() => Band)
  readonly band!: Band;

  @IsOptional()
  @ValidateNested()
  @Type(() => Band)
  readonly spare?: Band;
}

class Params {
  @IsInt({ message: '$property must be an integer' })
  @Max(10, { message: '$property must be at most 10', context: { error: TOO_LONG } })
  readonly window!: number;

  @IsOptional()
  @IsNumber({}, { message: '$property must be a finite number' })
  readonly offset: number = 5;

  @IsOptional()
  @IsNumber({}, { each: true })
  @IsPositive({ each: true, context: { error: NEGATIVE } })
  readonly weights: readonly number[] = [1];

  @IsOptional()
  @ValidateNested()
  @Type(() => Machine)
  readonly machine?: Machine;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Band)
  readonly bands?: readonly Band[];

  @ValidateIf(({ offset }: Params) => offset === 7)
  @IsString()
  readonly unit?: string;

  @ValidateIf(({ offset }: Params) => offset === 8)
  @ValidateNested()
  @Type(() => Band)
  readonly limits?: Band;

  readonly unruled?: string;
}

function fault<T extends object>(plain: Record<string, unknown>, dto: new () => T): { code: number; message: string } {
  try {
    validateParams(dto, plain);
  } catch (error) {
    const { errorCode, message } = error as KasemError;
    return { code: errorCode.code, message };
  }
  throw new Error('it was accepted');
}

describe('the names of params', () => {
  it('are those that have a rule, once each', () => {
    expect(paramNames(Params).sort()).toEqual(['bands', 'limits', 'machine', 'offset', 'unit', 'weights', 'window']);
  });
});

describe('a number past the largest double', () => {
  class Grid {
    @IsPositive()
    readonly step!: number;
  }
  class Grids {
    @ValidateNested({ each: true })
    @Type(() => Grid)
    readonly grids!: readonly Grid[];
  }

  it('is refused at any depth, even if the rule accepts an infinity', () => {
    const found = 'expected a finite number, got a number past the largest double';
    expect(fault({ step: Infinity }, Grid)).toEqual({ code: 21, message: `param.step: ${found}` });
    expect(fault({ grids: [{ step: 1 }, { step: Infinity }] }, Grids).message).toBe(`param.grids[1].step: ${found}`);
  });
});

describe('the DTOs of params', () => {
  it('include those that are nested, at any depth', () => {
    expect(dtosOf(Params)).toEqual([Params, Machine, Band]);
    expect(new Set(errorsOfRules(Params))).toEqual(new Set([TOO_LONG, TOO_LOW, NEGATIVE]));
    expect(untypedProperties(Params)).toEqual([]);
  });

  it('are unknown if @Type() is missing', () => {
    class Outer {
      @ValidateNested()
      readonly inner!: Band;
    }
    class Outermost {
      @ValidateNested({ each: true })
      @Type(() => Outer)
      readonly outer!: Outer[];
    }
    expect(untypedProperties(Outermost)).toEqual(['Outer.inner']);
  });
});

describe('the params', () => {
  it('are an instance of their class, with defaults for what is left out', () => {
    const params = validateParams(Params, { window: 3 });
    expect(params).toBeInstanceOf(Params);
    expect(params).toMatchObject({ window: 3, offset: 5, weights: [1] });
    expect(validateParams(Params, { window: 3, offset: -1.5 }).offset).toBe(-1.5);
  });

  it('have the default if an optional one is null, at any depth', () => {
    const params = validateParams(Params, {
      window: 3,
      offset: null,
      weights: null,
      unit: null,
      machine: { band: { low: 1, high: null }, spare: null },
      bands: [{ low: 2, high: null }],
    });
    expect(params).toEqual({
      window: 3,
      offset: 5,
      weights: [1],
      machine: { band: { low: 1, high: 100 } },
      bands: [{ low: 2, high: 100 }],
    });
    expect(params.machine?.band).toBeInstanceOf(Band);
    expect(params.machine?.spare).toBeUndefined();
  });

  it.each([
    [{}, 'window: expected an integer, got nothing'],
    [{ window: '3' }, 'window: expected an integer, got the string "3"'],
    [{ window: null }, 'window: expected an integer, got null'],
    [{ window: 3, offset: Infinity }, 'offset: expected a finite number, got a number past the largest double'],
    [{ window: 3, weights: [1, 2, 'x', 'y'] }, 'weights[2]: expected a number, got the string "x"'],
    [{ window: 3, weights: [1, null] }, 'weights[1]: expected a number, got null'],
    [{ window: 3, weights: 5 }, 'weights: expected an array, got 5'],
    [{ window: 3, machine: { band: { low: 'x' } } }, 'machine.band.low: expected a number, got the string "x"'],
    [{ window: 3, machine: { band: { low: null } } }, 'machine.band.low: expected a number, got null'],
    [{ window: 3, machine: {} }, 'machine.band: expected an object, got nothing'],
    [{ window: 3, machine: { band: null } }, 'machine.band: expected an object, got null'],
    [{ window: 3, machine: { band: 1 } }, 'machine.band: expected an object, got 1'],
    [{ window: 3, machine: { band: [{ low: 1 }] } }, 'machine.band: expected an object, got an array'],
    [{ window: 3, machine: 'x' }, 'machine: expected an object, got the string "x"'],
    [{ window: 3, bands: [{ low: 1 }, { low: true }] }, 'bands[1].low: expected a number, got true'],
    [{ window: 3, bands: [{ low: 1 }, null] }, 'bands[1]: expected an object, got null'],
    [{ window: 3, bands: [[]] }, 'bands[0]: expected an object, got an array'],
    [{ window: 3, bands: { low: 1 } }, 'bands: expected an array, got an object'],
    [{ window: 3, offset: 7 }, 'unit: expected a string, got nothing'],
    [{ window: 3, offset: 8 }, 'limits: expected an object, got nothing'],
  ])('%j are refused with INVALID_PARAM, the path and the value', (plain, message) => {
    expect(fault(plain, Params)).toEqual({ code: 21, message: `param.${message}` });
  });

  it.each([
    [{ window: 11 }, 1_001, 'window: expected at most 10, got 11'],
    [{ window: 3, machine: { band: { low: -1 } } }, 1_002, 'machine.band.low: expected not less than 0, got -1'],
    [{ window: 3, weights: [1, -2] }, 1_003, 'weights[1]: expected a positive number, got -2'],
  ])('%j are refused with the error of the broken rule', (plain, code, message) => {
    expect(fault(plain, Params)).toEqual({ code, message: `param.${message}` });
  });

  it('are refused if a nested object that is not optional is missing', () => {
    expect(fault({}, Machine)).toEqual({ code: 21, message: 'param.band: expected an object, got nothing' });
    class Several {
      @ValidateNested({ each: true })
      @Type(() => Band)
      readonly bands!: Band[];
    }
    expect(fault({}, Several)).toEqual({ code: 21, message: 'param.bands: expected an array, got nothing' });
  });

  it.each(['constructor', '__proto__', 'prototype.constructor', 'then', 'toString', 'valueOf', 'hasOwnProperty'])(
    'never get a client’s value as their %s',
    (path) => {
      const value = JSON.parse(
        path
          .split('.')
          .reverse()
          .reduce((inner, key) => `{"${key}":${inner}}`, '"x"'),
      ) as unknown;
      const refused = expect.stringMatching(
        /^param\.(window|machine)(\[0\])?(\.prototype)?: the key \S+ is not allowed$/,
      );
      for (const plain of [{ window: value }, { window: [value] }, { window: 3, machine: value }])
        expect(fault(plain, Params)).toEqual({ code: 21, message: refused });
      expect({}).not.toHaveProperty('x');
    },
  );

  it('are not taken if a rule gives a promise, even one that is kept', () => {
    class Later {
      @ValidateBy({ name: 'later', validator: { validate: (value) => Promise.resolve(value === 1) } })
      readonly window!: number;
    }
    for (const window of [1, 2])
      expect(() => validateParams(Later, { window })).toThrow('a rule of Later gave a promise: nothing waits for it');
  });

  it('need no rules if a method has no params', () => {
    class None {}
    expect(validateParams(None, { scale: 1 })).toBeInstanceOf(None);
  });
});
