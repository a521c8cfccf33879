import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsOptional, Max, ValidateNested } from 'class-validator';
import { type ErrorCode } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { paramNames, validateParams } from './params.js';

const TOO_LONG: ErrorCode = { code: 1_001, status: 422, managed: true, when: 'The window is too long.' };

class Inner {
  @IsInt({ message: '$property must be an integer' })
  readonly size!: number;
}

class Params {
  @IsInt({ message: '$property must be an integer' })
  @Max(10, { message: '$property must be at most 10', context: { error: TOO_LONG } })
  readonly window!: number;

  @IsOptional()
  @IsNumber({}, { message: '$property must be a finite number' })
  readonly offset: number = 5;

  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  readonly inner?: Inner;

  readonly unruled?: string;
}

function fault(plain: Record<string, unknown>): { code: number; message: string } {
  try {
    validateParams(Params, plain);
  } catch (error) {
    const { errorCode, message } = error as KasemError;
    return { code: errorCode.code, message };
  }
  throw new Error('it was accepted');
}

describe('the names of params', () => {
  it('are those that have a rule, once each', () => {
    expect(paramNames(Params).sort()).toEqual(['inner', 'offset', 'window']);
  });
});

describe('the params', () => {
  it('are an instance of their class, with the defaults of what is left out', () => {
    const params = validateParams(Params, { window: 3 });
    expect(params).toBeInstanceOf(Params);
    expect(params).toMatchObject({ window: 3, offset: 5 });
    expect(validateParams(Params, { window: 3, offset: -1.5 }).offset).toBe(-1.5);
  });

  it.each([
    [{}, 21, 'param.window: expected an integer, got nothing'],
    [{ window: '3' }, 21, 'param.window: expected an integer, got the string "3"'],
    [{ window: null }, 21, 'param.window: expected an integer, got null'],
    [
      { window: 3, offset: Infinity },
      21,
      'param.offset: expected a finite number, got a number past the largest double',
    ],
    [{ window: 3, inner: { size: 1.5 } }, 21, 'param.inner: not allowed, got an object'],
  ])('%j are refused with INVALID_PARAM', (plain, code, message) => {
    expect(fault(plain)).toEqual({ code, message });
  });

  it.each([
    'constructor',
    '__proto__',
    'prototype.constructor',
    'then',
    'toString',
    'valueOf',
    'hasOwnProperty',
  ])('never have a value of a client’s as their %s', (path) => {
    const value = JSON.parse(
      path
        .split('.')
        .reverse()
        .reduce((inner, key) => `{"${key}":${inner}}`, '"x"'),
    ) as unknown;
    const refused = expect.stringMatching(
      /^param\.(window|inner)(\.0)?(\.prototype)?: the key \S+ is not allowed$/,
    );
    for (const plain of [{ window: value }, { window: [value] }, { window: 3, inner: value }])
      expect(fault(plain)).toEqual({ code: 21, message: refused });
    expect({}).not.toHaveProperty('x');
  });

  it('need no rules where a method has no params', () => {
    class None {}
    expect(validateParams(None, { scale: 1 })).toBeInstanceOf(None);
  });

  it('are refused with the error that the broken rule carries', () => {
    expect(fault({ window: 11 })).toEqual({
      code: 1_001,
      message: 'param.window: expected at most 10, got 11',
    });
  });
});
