import { type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { type ErrorCode, type ErrorName } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { describe } from '../frame/frame-rules.js';

/** The names that a DTO has rules for: the keys under `param` that matter. */
export function paramNames(dto: Type<object>): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return [...new Set(rules.map((rule) => rule.propertyName))];
}

/**
 * Makes a DTO of what stands under `param`.
 * @throws KasemError INVALID_PARAM, or the error that the broken rule carries as `context: { error }`
 */
export function validateParams<Params extends object>(
  dto: Type<Params>,
  plain: Readonly<Record<string, unknown>>,
): Params {
  for (const [name, value] of Object.entries(plain)) assertHarmlessKeys(name, value);
  const params = plainToInstance(dto, plain);
  const [fault] = brokenRules(params);
  if (fault !== undefined) throw paramError(fault);
  return params;
}

/**
 * class-transformer and class-validator take what stands under such keys for the object's own constructor, prototype or
 * conversion to text.
 * @throws KasemError INVALID_PARAM
 */
function assertHarmlessKeys(path: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key in Object.prototype || key === 'then')
      throw new KasemError('INVALID_PARAM', `param.${path}: the key ${key} is not allowed`);
    assertHarmlessKeys(`${path}.${key}`, inner);
  }
}

/** What is wrong with a DTO, in the order of its properties. A method may have no params, and its DTO then no rules. */
export function brokenRules(params: object): ValidationError[] {
  return validateSync(params, { forbidUnknownValues: false });
}

function paramError(fault: ValidationError): KasemError {
  // Decorators are applied from the last one up: the first rule as written comes last.
  const [rule, message] = Object.entries(fault.constraints ?? {}).at(-1) ?? ['', 'not allowed'];
  const context = fault.contexts?.[rule] as { error?: ErrorName | ErrorCode } | undefined;
  return new KasemError(
    context?.error ?? 'INVALID_PARAM',
    `param.${fault.property}: ${expectation(message, fault.property)}, got ${describe(fault.value)}`,
  );
}

/** class-validator's messages say "x must be …"; an error says "expected …". Others stay as their author wrote them. */
function expectation(message: string, property: string): string {
  const own = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return own.replace(/^must (not )?be /, 'expected $1');
}
