import { IS_INT } from 'class-validator';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { TYPES } from '../../common/method/params.js';

type Schema = Readonly<{ properties?: Record<string, object>; required?: string[] }>;
export type Schemas = Readonly<Record<string, Schema>>;

/**
 * Adds class-validator's rules to the schemas of DTOs, and the DTOs that those refer to. The rules decide what the service
 * takes, so they win over what @ApiProperty infers.
 */
export function withRules(described: Schemas): Schemas {
  const rules = validationMetadatasToSchemas({
    refPointerPrefix: '#/components/schemas/',
    classTransformerMetadataStorage: TYPES as never,
    // @Min or @Max beside it would leave only the type number.
    additionalConverters: { [IS_INT]: { type: 'integer', multipleOf: 1 } },
  }) as Schemas;
  const schemas: Record<string, Schema> = {};
  const names = new Set(Object.keys(described));
  // This visits names that are added on the way, too.
  for (const name of names) {
    schemas[name] = merged(described[name] ?? {}, rules[name] ?? {});
    const references = JSON.stringify(schemas[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, referred] of references) names.add(referred as string);
  }
  return schemas;
}

function merged(described: Schema, rules: Schema): Schema {
  const properties = { ...described.properties };
  for (const [name, schema] of Object.entries(rules.properties ?? {})) {
    // An optional param may also be null.
    const isRequired = rules.required?.includes(name);
    const rule = isRequired ? schema : { type: undefined, anyOf: [schema, { type: 'null' }] };
    properties[name] = { ...properties[name], ...rule };
  }
  return { ...described, ...(rules.properties && { required: [] }), ...rules, properties };
}
