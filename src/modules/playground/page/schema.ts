import { assertParamLength, describe, excerpt } from '../../../common/frame/frame-rules.js';

/** The bounds of a number, or of the length of an array or a string. */
const BOUNDS = {
  minimum: ['at least', (size: number, bound: number) => size >= bound],
  exclusiveMinimum: ['above', (size: number, bound: number) => size > bound],
  maximum: ['at most', (size: number, bound: number) => size <= bound],
  exclusiveMaximum: ['below', (size: number, bound: number) => size < bound],
  minItems: ['of at least', (size: number, bound: number) => size >= bound],
  maxItems: ['of at most', (size: number, bound: number) => size <= bound],
  minLength: ['of at least', (size: number, bound: number) => size >= bound],
  maxLength: ['of at most', (size: number, bound: number) => size <= bound],
} as const;
type Bound = keyof typeof BOUNDS;

export const LONGEST_SHOWN = 60;

/** The keywords of JSON Schema that the page knows. */
export interface Schema extends Partial<Record<Bound, number>> {
  $ref?: string;
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
}

export interface Param {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

export const NOT_JSON = 'which is not JSON';

const NOUNS: Record<string, string> = { integer: 'a whole number', array: 'an array', object: 'an object' };
const unitOf = (name: Bound) => (/Items/.test(name) ? ' items' : /Length/.test(name) ? ' characters' : '');
const boundsOf = (schema: Schema) => (Object.keys(BOUNDS) as Bound[]).filter((name) => name in schema);

/** A schema in words, such as `a number, at least 1`. */
export function expected(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  const noun = NOUNS[schema.type ?? ''] ?? `a ${schema.type ?? 'value'}`;
  return [noun, ...boundsOf(schema).map((name) => `${BOUNDS[name][0]} ${schema[name]}${unitOf(name)}`)].join(', ');
}

/** Validates a value against a schema. */
export function faultsOf(value: unknown, schema: Schema, path: string): string[] {
  const isArray = Array.isArray(value);
  const isInfinite = Math.abs(value as number) === Infinity;
  const type = value === null ? 'null' : isArray ? 'array' : isInfinite ? 'infinity' : typeof value;
  // The length of a string is counted in characters, not in UTF-16 units.
  const size = isArray || typeof value === 'string' ? [...value].length : Number(value);
  const isAllowed =
    [undefined, type, Number.isInteger(value) && 'integer'].includes(schema.type) &&
    (schema.enum?.includes(value) ?? true) &&
    boundsOf(schema).every((name) => BOUNDS[name][1](size, schema[name] ?? NaN));
  if (!isAllowed) return [`${path}: expected ${expected(schema)}, got ${describe(value)}`];
  const alternatives = schema.anyOf?.map((one) => faultsOf(value, one, path)) ?? [];
  if (alternatives.length > 0) return alternatives.find((faults) => faults.length === 0) ?? alternatives[0] ?? [];
  if (typeof value !== 'object' || value === null) return [];
  const missing = schema.required?.filter((name) => !(name in value)) ?? [];
  const inner = Object.entries(value).flatMap(([name, one]) => {
    const rule = isArray ? schema.items : schema.properties?.[name];
    return rule === undefined ? [] : faultsOf(one, rule, path + (isArray ? `[${name}]` : `.${name}`));
  });
  return [...missing.map((name) => `${path}.${name} is missing`), ...inner];
}

/**
 * Validates a param.
 * @param json undefined if it is left out, or too long
 */
export function faultsOfParam({ name, schema, isRequired }: Param, json?: string, bytes?: number): string[] {
  try {
    assertParamLength(name, bytes ?? new Blob([json ?? '']).size);
    const value: unknown = json === undefined ? undefined : JSON.parse(json);
    return value == null && !isRequired ? [] : faultsOf(value, schema, `param.${name}`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) return [(error as Error).message];
    return [`param.${name}: expected ${expected(schema)}, got ${excerpt(String(json), LONGEST_SHOWN)}, ${NOT_JSON}`];
  }
}
