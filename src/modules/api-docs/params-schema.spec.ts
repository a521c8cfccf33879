import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { type ErrorCode } from '../../common/errors/error-codes.js';
import { validateParams } from '../../common/method/params.js';
import { exampleParams, ownErrors, paramsSchema } from './params-schema.js';

const TOO_LONG: ErrorCode = { code: 1_001, status: 422, managed: true, when: 'The window is too long.' };

class Band {
  @IsNumber()
  readonly low!: number;
}

class Params {
  @Min(1)
  @IsInt({ message: '$property must be an integer' })
  @Max(10, { message: '$property must be at most $constraint1', context: { error: TOO_LONG } })
  readonly window!: number;

  @IsPositive()
  readonly gain: number = 2;

  @IsOptional()
  @IsNumber()
  readonly offset?: number;

  @IsIn(['mean', 'median'])
  readonly kind!: string;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @IsString({ each: true })
  @MinLength(2, { each: true })
  readonly tags?: string[];

  @Matches(/^[a-z]+$/)
  readonly unit: string = 'bar';

  @ValidateIf((params: Params) => params.window > 5)
  @IsBoolean()
  readonly isSlow?: boolean;

  @IsOptional()
  @ValidateNested()
  @Type(() => Band)
  readonly band?: Band;
}

class Unguessable {
  @Matches(/^\d{4}$/)
  readonly year!: string;
}

/** As it stands in the description. */
const schemaOf = (dto: new () => object) => JSON.parse(JSON.stringify(paramsSchema(dto))) as object;
const matches = new Ajv2020({ strict: false }).compile(schemaOf(Params));
const taken = (plain: Record<string, unknown>): boolean => {
  try {
    return validateParams(Params, plain) instanceof Params;
  } catch {
    return false;
  }
};

describe('the schema of params', () => {
  const least = { window: 3, kind: 'mean' };

  it.each([
    least,
    {},
    { window: 3 },
    { ...least, window: 0 },
    { ...least, window: 11 },
    { ...least, window: 2.5 },
    { ...least, window: '3' },
    { ...least, window: null },
    { ...least, gain: 0 },
    { ...least, gain: 0.5 },
    { ...least, gain: null },
    { ...least, offset: -1 },
    { ...least, offset: null },
    { ...least, offset: 'x' },
    { ...least, kind: 'mode' },
    { ...least, tags: [] },
    { ...least, tags: null },
    { ...least, tags: ['ab', 'cd'] },
    { ...least, tags: ['ab', 3] },
    { ...least, tags: ['a'] },
    { ...least, unit: 'mbar' },
    { ...least, unit: 'K' },
    { ...least, band: { low: 1 } },
    { ...least, band: {} },
    { ...least, unknown: [] },
  ])('says of %j what the rules say', (plain) => {
    expect(matches(plain)).toBe(taken(plain));
  });

  it('refuses nothing that a condition may allow', () => {
    expect(taken({ ...least, isSlow: 'x' })).toBe(true);
    expect(matches({ ...least, isSlow: 'x' })).toBe(true);
  });

  it('has the defaults, and the rules in the words of their messages', () => {
    expect(schemaOf(Params)).toMatchObject({
      required: ['window', 'kind'],
      properties: {
        window: { description: 'must be an integer; must be at most 10; otherwise error 1001' },
        gain: { default: 2, exclusiveMinimum: 0 },
      },
    });
  });
});

describe('what else the rules tell', () => {
  it('is an example that they allow, or none where it would have to be guessed', () => {
    expect(taken({ ...exampleParams(Params) })).toBe(true);
    expect(exampleParams(Unguessable)).toBeUndefined();
    expect(exampleParams(class None {})).toEqual({});
  });

  it("is the method's own errors", () => {
    expect(ownErrors(Params)).toEqual([TOO_LONG]);
  });
});
