import { type Type } from '@nestjs/common';
import {
  IS_DATE,
  IS_DATE_STRING,
  IS_ENUM,
  IS_INT,
  IS_ISO8601,
  IS_NOT_EMPTY,
  IS_NUMBER_STRING,
  MATCHES,
  MAX_DATE,
  MIN_DATE,
  ValidationTypes,
} from 'class-validator';
import { targetConstructorToSchema, validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { TYPES, withoutParams } from '../../common/method/params.js';

type Schema = Readonly<{ properties?: Record<string, object>; required?: string[] }>;
export type Schemas = Readonly<Record<string, Schema>>;

/** A rule, as class-validator stores it. */
interface Rule {
  readonly target: { readonly prototype: object };
  readonly propertyName: string;
  readonly each: boolean;
  readonly constraints: readonly unknown[];
}

const STRING = { type: 'string' };
const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

/** The type of a property, which is all that is known about a rule without a schema of its own. */
function typeOf({ target, propertyName, each }: Rule): { type?: string } {
  const type = PRIMITIVES.get(Reflect.getMetadata('design:type', target.prototype, propertyName));
  return each || type === undefined ? {} : { type };
}

/** Replaces schemas of class-validator-jsonschema that refuse values which the rule takes. */
const CONVERTERS = {
  // With @Min or @Max on the same property only the type number would remain.
  [IS_INT]: { type: 'integer', multipleOf: 1 },
  // A number or an array is not empty either.
  [IS_NOT_EMPTY]: (rule: Rule) => ({ ...typeOf(rule), not: { enum: ['', null] } }),
  // TypeScript adds the names of numeric members as values.
  [IS_ENUM]: ({ constraints: [given] }: Rule) => {
    const all = given as Record<string, unknown>;
    const values = Object.values(all).filter((value) => typeof all[value as string] !== 'number');
    const [type, ...others] = new Set(values.map((value) => typeof value));
    return { enum: values, ...(others.length === 0 && { type }) };
  },
  // A pattern in JSON Schema has no flags.
  [MATCHES]: ({ constraints: [pattern] }: Rule) => {
    const { source, flags } = pattern as RegExp;
    return flags === '' ? { ...STRING, pattern: source } : STRING;
  },
  [IS_DATE]: STRING,
  [MIN_DATE]: STRING,
  [MAX_DATE]: STRING,
  [IS_DATE_STRING]: STRING,
  [IS_ISO8601]: STRING,
  [IS_NUMBER_STRING]: STRING,
  // Any other rule.
  [ValidationTypes.CUSTOM_VALIDATION]: typeOf,
};

const OPTIONS = {
  refPointerPrefix: '#/components/schemas/',
  classTransformerMetadataStorage: TYPES as never,
  additionalConverters: CONVERTERS as never,
};

/**
 * Adds class-validator's rules to the schemas of DTOs, and the schemas of the DTOs that they refer to. The rules decide what
 * the service takes, so they override what @ApiProperty infers.
 * @param dtos DTOs whose rules may all be inherited
 */
export function withRules(described: Schemas, dtos: readonly Type<object>[] = []): Schemas {
  const rules = {
    ...Object.fromEntries(dtos.map((dto) => [dto.name, targetConstructorToSchema(dto, OPTIONS)])),
    ...validationMetadatasToSchemas(OPTIONS),
  } as Schemas;
  const classes = new Map(dtos.map((dto) => [dto.name, dto]));
  const schemas: Record<string, Schema> = {};
  const names = new Set(Object.keys(described));
  // The loop also visits the names that it adds.
  for (const name of names) {
    schemas[name] = merged(described[name] ?? {}, rules[name] ?? {}, classes.get(name));
    const references = JSON.stringify(schemas[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, referred] of references) names.add(referred as string);
  }
  return schemas;
}

function merged(described: Schema, rules: Schema, dto?: Type<object>): Schema {
  const { defaults = {}, required: needed } = dto === undefined ? {} : withoutParams(dto);
  const required = rules.required?.filter((name) => needed?.has(name) ?? true) ?? [];
  // In the order of the class, even if only some properties are described.
  const properties: Record<string, object> = { ...rules.properties, ...described.properties };
  for (const [name, schema] of Object.entries(rules.properties ?? {})) {
    // An optional param may also be null.
    const rule = required.includes(name) ? schema : { type: undefined, anyOf: [schema, { type: 'null' }] };
    const initial = defaults[name];
    properties[name] = { ...(initial !== undefined && { default: initial }), ...described.properties?.[name], ...rule };
  }
  return { ...described, ...rules, ...(rules.properties && { required }), properties };
}
