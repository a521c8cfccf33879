import { createRequire } from 'node:module';
import { types } from 'node:util';
import { type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, ValidationTypes, Validator, type ValidationError } from 'class-validator';
import { type ValidationExecutor as Executor } from 'class-validator/types/validation/ValidationExecutor.js';
import { type ErrorCode, type ErrorName } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { describe } from '../frame/frame-rules.js';

const require = createRequire(import.meta.url);

const { ValidationExecutor } = require('class-validator/cjs/validation/ValidationExecutor') as {
  readonly ValidationExecutor: typeof Executor;
};

// class-transformer's metadata of @Type(). The README of class-validator-jsonschema names this file.
export const { defaultMetadataStorage: TYPES } = require('class-transformer/cjs/storage') as {
  readonly defaultMetadataStorage: {
    findTypeMetadata(target: object, property: string): { readonly typeFunction: () => Type<object> } | undefined;
  };
};

type Path = readonly (string | number)[];

const rules = new WeakMap<object, ReturnType<typeof readRules>>();
const readRules = (dto: object) => getMetadataStorage().getTargetValidationMetadatas(dto as Type, '', false, false);
type Rule = ReturnType<typeof readRules>[number];

/** Cached for each class, since its decorators have run before anybody can use it. */
function rulesOf(dto: object): Rule[] {
  const known = rules.get(dto) ?? readRules(dto);
  rules.set(dto, known);
  return known;
}

const isNested = ({ type }: Rule): boolean => type === ValidationTypes.NESTED_VALIDATION;

/** The properties that a DTO has rules for: the keys of `param` that are read. */
export function paramNames(dto: Type<object>): string[] {
  return [...new Set(rulesOf(dto).map((rule) => rule.propertyName))];
}

const nestedType = (dto: Type<object>, property: string): Type<object> | undefined =>
  TYPES.findTypeMetadata(dto, property)?.typeFunction();

/** A DTO and those nested in it. */
export function dtosOf(dto: Type<object>): Type<object>[] {
  const dtos = new Set([dto]);
  // The loop also visits the DTOs that it adds.
  for (const one of dtos)
    for (const { propertyName } of rulesOf(one).filter(isNested)) {
      const type = nestedType(one, propertyName);
      if (type !== undefined) dtos.add(type);
    }
  return [...dtos];
}

/** The properties of a DTO, and of those nested in it, whose nested rules would not be checked because @Type() is missing. */
export const untypedProperties = (dto: Type<object>): string[] =>
  dtosOf(dto).flatMap((one) =>
    rulesOf(one)
      .filter((rule) => isNested(rule) && nestedType(one, rule.propertyName) === undefined)
      .map(({ propertyName }) => `${one.name}.${propertyName}`),
  );

/** The properties of a DTO, and of those nested in it, that have no rule: values for them would be ignored. */
export const unruledProperties = (dto: Type<object>): string[] =>
  dtosOf(dto).flatMap((one) =>
    Object.keys(new one())
      .filter((property) => !paramNames(one).includes(property))
      .map((property) => `${one.name}.${property}`),
  );

/** The properties with an asynchronous rule, of a DTO and of those nested in it. Nothing would wait for its result. */
export const asyncProperties = (dto: Type<object>): string[] =>
  dtosOf(dto).flatMap((one) =>
    rulesOf(one)
      .filter(({ constraintCls }) =>
        getMetadataStorage()
          .getTargetValidatorConstraints(constraintCls)
          .some(({ async, instance }) => async || types.isAsyncFunction(Reflect.get(instance, 'validate'))),
      )
      .map(({ propertyName }) => `${one.name}.${propertyName}`),
  );

/** The method's own errors in the rules of a DTO, and of those nested in it. */
export const errorsOfRules = (dto: Type<object>): ErrorCode[] =>
  dtosOf(dto)
    .flatMap(rulesOf)
    .map(({ context }) => (context as RuleContext | undefined)?.error)
    .filter((error) => typeof error === 'object');

interface RuleContext {
  readonly error?: ErrorName | ErrorCode;
}

/**
 * Makes a DTO from the value of `param`. A key with null counts as left out.
 * @throws KasemError INVALID_PARAM, or the error in the broken rule's `context: { error }`
 */
export function validateParams<Params extends object>(
  dto: Type<Params>,
  plain: Readonly<Record<string, unknown>>,
): Params {
  const params = plainToInstance(dto, withoutNull('param', plain));
  const error =
    shapeError(params, [], plain) ?? ruleError(brokenRules(params), [], plain) ?? sizeError(plain, [], plain);
  if (error !== undefined) throw error;
  return params;
}

/**
 * Drops keys with null. Refuses keys such as `constructor`: class-transformer and class-validator would take their values for
 * the object's own constructor, prototype or conversion to text.
 * @throws KasemError INVALID_PARAM
 */
function withoutNull<T>(path: string, value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one, i) => withoutNull<unknown>(`${path}[${i}]`, one)) as T;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    if (key in Object.prototype || key === 'then')
      throw new KasemError('INVALID_PARAM', `${path}: the key ${key} is not allowed`);
    return [key, withoutNull(`${path}.${key}`, inner)] as const;
  });
  return Object.fromEntries(entries.filter(([, inner]) => inner !== null)) as T;
}

/**
 * Finds what class-validator accepts by mistake: a single value for a rule with `each`, an array for a nested object, and no
 * value for a nested object that is not optional.
 */
function shapeError(object: object, path: Path, plain: unknown): KasemError | undefined {
  const rules = rulesOf(object.constructor);
  for (const rule of rules.filter((one) => isNested(one) || one.each)) {
    const value = (object as Record<string, unknown>)[rule.propertyName];
    if (isExempt(object, value, rule, rules)) continue;
    const here = [...path, rule.propertyName];
    const expected = rule.each ? 'an array' : 'an object';
    const isRight = rule.each ? Array.isArray(value) : isObject(value);
    if (!isRight) return fault(`expected ${expected}`, here, plain);
    if (!isNested(rule)) continue;
    const inner = rule.each ? [...(value as unknown[]).entries()] : [[undefined, value] as const];
    for (const [index, one] of inner) {
      const there = index === undefined ? here : [...here, index];
      const error = isObject(one) ? shapeError(one, there, plain) : fault('expected an object', there, plain);
      if (error !== undefined) return error;
    }
  }
  return undefined;
}

/** Finds a number past the largest double, such as 1e999: rules such as @IsPositive() accept Infinity. */
function sizeError(value: unknown, path: Path, plain: unknown): KasemError | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return fault('expected a finite number', path, plain);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const error = sizeError(inner, [...path, Array.isArray(value) ? Number(key) : key], plain);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Whether a rule does not apply: @IsOptional() without a value, or a condition that does not hold. */
const isExempt = (
  object: object,
  value: unknown,
  { propertyName, validateIf }: Rule,
  rules: readonly Rule[],
): boolean =>
  [validateIf, ...rules.filter((rule) => rule.propertyName === propertyName).map(conditionOf)].some(
    (condition) => condition !== undefined && !condition(object, value),
  );

/** The condition of @IsOptional() and @ValidateIf(). */
const conditionOf = ({ type, constraints }: Rule) =>
  type === ValidationTypes.CONDITIONAL_VALIDATION
    ? (constraints[0] as (object: object, value: unknown) => boolean)
    : undefined;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The broken rules of a DTO, in the order of its properties, as `validateSync` finds them, which takes a rule that gives a
 * promise as kept. A method without params has a DTO without rules.
 */
function brokenRules(params: object): ValidationError[] {
  const executor = new ValidationExecutor(new Validator(), { forbidUnknownValues: false });
  const errors: ValidationError[] = [];
  executor.execute(params, '', errors);
  const { awaitingPromises } = executor;
  for (const promise of awaitingPromises) promise.catch(() => undefined);
  if (awaitingPromises.length > 0)
    throw new Error(`a rule of ${params.constructor.name} gave a promise: nothing waits for it`);
  return executor.stripEmptyErrors(errors);
}

/** A DTO of which a call gives nothing: its defaults, and the properties that a call has to give. */
export function withoutParams(dto: Type<object>) {
  const defaults = new dto() as Readonly<Record<string, unknown>>;
  const rules = rulesOf(dto);
  const isAbsent = (rule: Rule): boolean =>
    (isNested(rule) || rule.each) &&
    defaults[rule.propertyName] === undefined &&
    !isExempt(defaults, undefined, rule, rules);
  const required = new Set(rules.filter(isAbsent).map((rule) => rule.propertyName));
  try {
    for (const { property } of brokenRules(defaults)) required.add(property);
    return { defaults, required };
  } catch {
    // A rule throws if it gets no value.
    return { defaults, required: new Set(paramNames(dto)) };
  }
}

/** The error of the first broken rule, at any depth. */
function ruleError([first]: ValidationError[], path: Path, plain: unknown): KasemError | undefined {
  if (first === undefined) return undefined;
  const { property, target, constraints, contexts, children } = first;
  const value: unknown = first.value;
  const here = [...path, Array.isArray(target) ? Number(property) : property];
  // Decorators are applied from the last one up, so the rule that is written first comes last.
  const [name, message] = Object.entries(constraints ?? {}).at(-1) ?? [];
  if (name === undefined || message === undefined) return ruleError(children ?? [], here, plain);
  const context = contexts?.[name] as RuleContext | undefined;
  const index = Array.isArray(value) && target ? firstBreach(target, property, name, value) : -1;
  return fault(expectation(message, property), index < 0 ? here : [...here, index], plain, context?.error);
}

/** The index of the first value of an array that breaks a rule with `each`; -1 if the rule is not of that kind. */
function firstBreach(target: object, property: string, name: string, values: readonly unknown[]): number {
  const storage = getMetadataStorage();
  for (const rule of rulesOf(target.constructor)) {
    if (rule.propertyName !== property || !rule.each) continue;
    const [constraint] = storage.getTargetValidatorConstraints(rule.constraintCls);
    if (constraint?.name !== name) continue;
    const args = {
      targetName: target.constructor.name,
      object: target,
      property,
      constraints: rule.constraints as unknown[],
    };
    return values.findIndex((value) => !constraint.instance.validate(value, { ...args, value }));
  }
  return -1;
}

function fault(
  expected: string,
  path: Path,
  plain: unknown,
  error: ErrorName | ErrorCode = 'INVALID_PARAM',
): KasemError {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  // The value as the client sent it: null has been dropped since, and a DTO may transform values.
  const found = path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? value[key as never] : undefined,
    plain,
  );
  return new KasemError(error, `param${place}: ${expected}, got ${describe(found)}`);
}

/** Turns class-validator's "x must be …" into "expected …". Other messages stay as they are. */
function expectation(message: string, property: string): string {
  const whole = message.replace(/^each value in /, '');
  const own = whole.startsWith(`${property} `) ? whole.slice(property.length + 1) : whole;
  return own
    .replace(/^must (not )?be /, 'expected $1')
    .replace(/^must (not )?(\w+) /, 'expected $1to $2 ')
    .replace(/^should (not )?be /, 'expected $1')
    .replace(' conforming to the specified constraints', '');
}
