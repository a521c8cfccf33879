import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ApiProperty } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
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
  ValidateNested,
} from 'class-validator';
import { validateParams } from '../../common/method/params.js';
import { withRules } from './params-schemas.js';

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
}

/** As @nestjs/swagger makes it of @ApiProperty, whose type it infers. */
const DESCRIBED = {
  Params: {
    type: 'object',
    properties: { window: { type: 'number', description: 'In rows.', example: 3 } },
    required: ['window'],
  },
  Failure: { type: 'object', properties: { error: { type: 'integer' } }, required: ['error'] },
};
// As it stands in the document.
const schemas = JSON.parse(JSON.stringify(withRules(DESCRIBED))) as ReturnType<typeof withRules>;
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
    { ...least, unknown: [] },
  ])('says of %j what the rules say', (plain) => {
    expect(matches(plain)).toBe(isTaken(plain));
  });

  it("has the author's words beside the rules", () => {
    expect(schemas.Params?.properties?.window).toEqual({
      type: 'number',
      multipleOf: 1,
      minimum: 1,
      maximum: 10,
      description: 'In rows.',
      example: 3,
    });
  });

  it('comes with the classes that it refers to, and no others', () => {
    expect(Object.keys(schemas)).toEqual(['Params', 'Failure', 'Band']);
    expect(schemas.Failure).toEqual(DESCRIBED.Failure);
  });
});
