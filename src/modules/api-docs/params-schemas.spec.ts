import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  IsArray,
  IsDate,
  IsDateString,
  IsEnum,
  IsISO8601,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsNumberString,
  IsOptional,
  IsPositive,
  IsString,
  IsTimeZone,
  Matches,
  Max,
  Min,
  MinLength,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { validateParams } from '../../common/method/params.js';
import { withRules } from './params-schemas.js';

enum Level {
  Low = 1,
  High = 2,
}

enum Side {
  Left = 'left',
  Right = 'right',
}

@ValidatorConstraint()
class Ascending implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Array.isArray(value) && value.every((one, i, all) => i === 0 || one > all[i - 1]);
  }
}

class Band {
  @IsNumber()
  readonly low!: number;
}

class Params {
  @ApiProperty({ description: 'In rows.', example: 3 })
  @Min(1)
  @IsInt()
  @Max(10)
  readonly window!: number;

  @IsPositive()
  @IsOptional()
  readonly gain: number = 2;

  @IsIn(['mean', 'median'])
  readonly kind!: string;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @IsString({ each: true })
  @MinLength(2, { each: true })
  readonly tags?: string[];

  @IsOptional()
  @Matches(/^[a-z]+$/)
  readonly unit: string = 'bar';

  @IsOptional()
  @ValidateNested()
  @Type(() => Band)
  readonly band?: Band;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Band)
  readonly bands?: Band[];

  @IsOptional()
  @IsNotEmpty()
  @IsNumber()
  readonly offset?: number;

  @IsOptional()
  @IsNotEmpty()
  @IsString()
  readonly name?: string;

  @IsOptional()
  @IsNotEmpty({ each: true })
  readonly labels?: unknown[];

  @IsOptional()
  @IsEnum(Level)
  readonly level?: Level;

  @IsOptional()
  @IsEnum(Side)
  readonly side?: Side;

  @IsOptional()
  @IsISO8601()
  readonly from?: string;

  @IsOptional()
  @IsDateString()
  readonly to?: string;

  @IsOptional()
  @IsDate()
  @Type(() => Date)
  readonly at?: Date;

  @IsOptional()
  @IsNumberString()
  readonly code?: string;

  @IsOptional()
  @Matches(/^[a-z]+$/i)
  readonly tag?: string;

  @IsOptional()
  @Validate(Ascending)
  readonly edges?: readonly number[];

  @IsOptional()
  @IsNumber({}, { each: true })
  @Validate(Ascending)
  readonly steps?: readonly number[];

  @IsOptional()
  @Validate(Ascending, { each: true })
  readonly grids?: number[][];

  @IsOptional()
  @IsTimeZone()
  readonly zone?: string;

  // With an initial value, and with no more than @Allow(), a param may be left out too.
  @IsInt()
  readonly count: number = 5;

  @IsNumber({}, { each: true })
  readonly sizes: readonly number[] = [1, 2];

  @Allow()
  readonly config: unknown;
}

/** What @nestjs/swagger makes of @ApiProperty. It infers the type. */
const DESCRIBED = {
  Params: {
    type: 'object',
    properties: { window: { type: 'number', description: 'In rows.', example: 3 } },
    required: ['window'],
  },
  Failure: { type: 'object', properties: { error: { type: 'integer' } }, required: ['error'] },
};
// As in the document, which has no undefined values.
const schemas = JSON.parse(JSON.stringify(withRules(DESCRIBED, [Params]))) as ReturnType<typeof withRules>;
const matches = new Ajv2020({ strict: false }).compile({
  components: { schemas },
  $ref: '#/components/schemas/Params',
});

const isTaken = (plain: Record<string, unknown>): boolean => {
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
    { ...least, gain: 'x' },
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
    { ...least, bands: [{ low: 1 }] },
    { ...least, bands: [{}] },
    { ...least, offset: -1 },
    { ...least, offset: 'x' },
    { ...least, name: 'x' },
    { ...least, name: '' },
    { ...least, labels: [1, 'x'] },
    { ...least, labels: [''] },
    { ...least, labels: [null] },
    { ...least, level: 1 },
    { ...least, level: 3 },
    { ...least, side: 'left' },
    { ...least, side: 'Left' },
    { ...least, from: '2015-01-01T00:00:00Z' },
    { ...least, to: '2015-01-01' },
    { ...least, to: '2015-01-01T00:00:00+01:00' },
    { ...least, at: '2015-01-01T00:00:00Z' },
    { ...least, code: '1.5' },
    { ...least, tag: 'A' },
    { ...least, edges: [1, 2] },
    { ...least, steps: [1, 2] },
    { ...least, steps: ['x'] },
    { ...least, grids: [[1, 2]] },
    { ...least, grids: 1 },
    { ...least, zone: 'Europe/Paris' },
    { ...least, zone: 1 },
    { ...least, unknown: [] },
    { ...least, count: 'x' },
    { ...least, count: null },
    { ...least, config: [] },
    { ...least, sizes: [1] },
    { ...least, sizes: ['x'] },
  ])('agrees with the rules on %j', (plain) => {
    expect(matches(plain)).toBe(isTaken(plain));
  });

  it('has the initial values as defaults', () => {
    const { count, sizes, gain, window } = schemas.Params?.properties as Record<string, { default?: unknown }>;
    expect([count, sizes, gain, window].map((one) => one?.default)).toEqual([5, [1, 2], 2, undefined]);
  });

  it('requires what a rule fails on if it is left out', () => {
    class Long implements ValidatorConstraintInterface {
      validate = (value: string): boolean => value.length > 2;
    }
    ValidatorConstraint()(Long);
    class Fails {
      @Validate(Long)
      readonly name!: string;
    }
    expect(withRules({ Fails: {} }, [Fails]).Fails?.required).toEqual(['name']);
  });

  it('has the rules of the class that a DTO extends', () => {
    class Inherited extends Band {}
    class Partly extends PartialType(Band) {}
    const { Inherited: inherited, Partly: partly } = withRules({ Inherited: {}, Partly: {} }, [Inherited, Partly]);
    expect(inherited).toEqual({ type: 'object', properties: { low: { type: 'number' } }, required: ['low'] });
    expect(partly?.properties).toEqual({ low: { anyOf: [{ type: 'number' }, { type: 'null' }] } });
    expect(partly?.required).toEqual([]);
  });

  it('has the type of a property, by which the playground makes its field', () => {
    const typeOf = (name: string) =>
      (schemas.Params?.properties?.[name] as { anyOf: { type?: string }[] }).anyOf[0]?.type;
    expect(['offset', 'name', 'level', 'side', 'edges', 'zone'].map(typeOf)).toEqual([
      ...['number', 'string', 'number', 'string', undefined, 'string'],
    ]);
  });

  it('keeps the order of the class', () => {
    const { Params: described } = withRules({ Params: { properties: { kind: {}, window: {} } } }, [Params]);
    expect(Object.keys(described?.properties ?? {}).slice(0, 3)).toEqual(['window', 'gain', 'kind']);
  });

  it("keeps the author's description beside the rules", () => {
    expect(schemas.Params?.properties?.window).toEqual({
      type: 'number',
      multipleOf: 1,
      minimum: 1,
      maximum: 10,
      description: 'In rows.',
      example: 3,
    });
  });

  it('includes the classes that it refers to, and no others', () => {
    expect(Object.keys(schemas)).toEqual(['Params', 'Failure', 'Band']);
    expect(schemas.Failure).toEqual(DESCRIBED.Failure);
  });
});
