import { type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { type ErrorCode, type ErrorName } from '../../common/errors/error-codes.js';
import { brokenRules, paramNames } from '../../common/method/params.js';
import { type JsonSchema } from './json-schema.js';

type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/**
 * What class-validator's rules mean in JSON Schema, by their names. A rule that is not here, or has no exact counterpart,
 * narrows nothing: a schema may promise too little, but must not refuse what the service takes.
 */
const RULES: Readonly<Record<string, (...constraints: never[]) => JsonSchema>> = {
  isNumber: () => ({ type: 'number' }),
  isInt: () => ({ type: 'integer' }),
  isString: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  isArray: () => ({ type: 'array' }),
  isObject: () => ({ type: 'object' }),
  isIn: (values: unknown[]) => ({ enum: values }),
  isEnum: (entity: object) => ({ enum: Object.values(entity) }),
  equals: (value: unknown) => ({ enum: [value] }),
  min: (minimum: number) => ({ type: 'number', minimum }),
  max: (maximum: number) => ({ type: 'number', maximum }),
  isPositive: () => ({ type: 'number', exclusiveMinimum: 0 }),
  isNegative: () => ({ type: 'number', exclusiveMaximum: 0 }),
  minLength: (minLength: number) => ({ type: 'string', minLength }),
  maxLength: (maxLength: number) => ({ type: 'string', maxLength }),
  isLength: (minLength: number, maxLength?: number) => ({ type: 'string', minLength, maxLength }),
  matches: (pattern: RegExp | string) =>
    pattern instanceof RegExp && pattern.flags === ''
      ? { type: 'string', pattern: pattern.source }
      : { type: 'string' },
  arrayMinSize: (minItems: number) => ({ type: 'array', minItems }),
  arrayMaxSize: (maxItems: number) => ({ type: 'array', maxItems }),
  arrayNotEmpty: () => ({ type: 'array', minItems: 1 }),
};

/** The schema of what stands under `param`, from the rules of its DTO and its defaults. */
export function paramsSchema(dto: Type<object>): JsonSchema {
  const defaults = plainToInstance(dto, {}) as Record<string, unknown>;
  const properties = Object.fromEntries(
    paramNames(dto).map((name) => {
      const rules = rulesOf(dto).filter(({ propertyName }) => propertyName === name);
      const takesNull = !faults(dto, { [name]: null }).includes(name);
      const schema = takesNull ? orNull(valueSchema(dto, rules)) : valueSchema(dto, rules);
      return [name, { ...schema, default: defaults[name], description: inWords(rules) }];
    }),
  );
  return { type: 'object', properties, required: faults(dto, {}) };
}

/** Params that the rules allow; none where they can't be guessed. */
export function exampleParams(dto: Type<object>): Readonly<Record<string, unknown>> | undefined {
  const { properties, required } = paramsSchema(dto) as {
    properties: Record<string, JsonSchema>;
    required: string[];
  };
  const params = Object.fromEntries(
    Object.entries(properties)
      .filter(([name, schema]) => required.includes(name) || schema.default !== undefined)
      .map(([name, schema]) => [name, exampleValue(schema)]),
  );
  return faults(dto, params).length === 0 ? params : undefined;
}

/** The errors that a method has of its own, as far as its DTO's rules carry them. */
export function ownErrors(dto: Type<object>): ErrorCode[] {
  const errors = rulesOf(dto)
    .map(errorOf)
    .filter((error) => typeof error === 'object');
  return [...new Map(errors.map((error) => [error.code, error])).values()];
}

const rulesOf = (dto: Type<object>): Rule[] =>
  getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);

const errorOf = (rule: Rule): ErrorName | ErrorCode | undefined =>
  (rule.context as { error?: ErrorName | ErrorCode } | undefined)?.error;

/** The names of the params that are refused. */
const faults = (dto: Type<object>, plain: Readonly<Record<string, unknown>>): string[] =>
  brokenRules(plainToInstance(dto, plain)).map(({ property }) => property);

function valueSchema(dto: Type<object>, rules: readonly Rule[]): JsonSchema {
  // A condition in code decides whether the other rules hold at all.
  const isConditional = rules.some(
    ({ type, name }) => type === ValidationTypes.CONDITIONAL_VALIDATION && name !== 'isOptional',
  );
  if (isConditional) return {};
  return rules.map((rule) => ruleSchema(dto, rule)).reduce(both, {});
}

function ruleSchema(dto: Type<object>, { type, name, propertyName, constraints, each }: Rule): JsonSchema {
  const nested: unknown = Reflect.getMetadata('design:type', dto.prototype as object, propertyName);
  const isNested = type === ValidationTypes.NESTED_VALIDATION && typeof nested === 'function';
  if (isNested && rulesOf(nested as Type<object>).length > 0) return paramsSchema(nested as Type<object>);
  const schema = RULES[name ?? '']?.(...((constraints ?? []) as never[])) ?? {};
  return each ? { type: 'array', items: schema } : schema;
}

/** Of two schemas the one that asks for both; an integer is a number as well. */
function both(one: JsonSchema, other: JsonSchema): JsonSchema {
  return {
    ...one,
    ...other,
    ...([one.type, other.type].includes('integer') && { type: 'integer' }),
    ...(one.items !== undefined &&
      other.items !== undefined && { items: both(one.items as JsonSchema, other.items as JsonSchema) }),
  };
}

const orNull = (schema: JsonSchema): JsonSchema => ({
  ...schema,
  ...(schema.type !== undefined && { type: [schema.type, 'null'] }),
  ...(schema.enum !== undefined && { enum: [...(schema.enum as unknown[]), null] }),
});

/** The messages of the rules, as the log of an answer would say them. */
function inWords(rules: readonly Rule[]): string | undefined {
  const sentences = rules.flatMap((rule) => {
    if (typeof rule.message !== 'string' || rule.name === undefined) return [];
    const error = errorOf(rule);
    const message = rule.message
      .replace(/^\$property /, '')
      .replace(/\$constraint(\d)/g, (_, index: string) => String(rule.constraints[Number(index) - 1]));
    return [typeof error === 'object' ? `${message}; otherwise error ${error.code}` : message];
  });
  // Decorators are applied from the last one up.
  return sentences.length === 0 ? undefined : sentences.reverse().join('; ');
}

function exampleValue(schema: JsonSchema): unknown {
  const { default: value, enum: values, type, minimum, maximum, exclusiveMaximum } = schema;
  if (value !== undefined) return value;
  if (Array.isArray(values)) return values[0];
  switch ([type].flat()[0]) {
    case 'string':
      return '';
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return minimum ?? maximum ?? (exclusiveMaximum === 0 ? -1 : 1);
  }
}
