import { type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { type Request } from 'express';
import { type ErrorCode } from '../errors/error-codes.js';
import { DATE, type Frame, type FrameSchema } from '../frame/frame.js';

/** The name of a series that the method needs, or that a body may omit. */
export type Input = string | { readonly name: string; readonly optional: true };

/** All that the service needs to know about a method. */
export interface MethodDeclaration<
  Params extends object = object,
  Inputs extends readonly Input[] = readonly Input[],
  Output extends string = string,
  Rows extends 'same' | 'own' = 'same' | 'own',
> {
  /** The paths at which it takes POST. */
  readonly paths: readonly string[];
  /** The DTO of `param`. What breaks its class-validator rules is INVALID_PARAM. */
  readonly params: Type<Params>;
  /** The series that it takes, without `date`. */
  readonly inputs: Inputs;
  /** The names of the series that it returns, without `date`, in the order of the response's columns. */
  readonly outputs: readonly Output[];
  /** `same`, the default: one output row for each input row, with its date. `own`: the result has a `date` of its own. */
  readonly rows?: Rows;
  /** Its own errors, with codes from 1000 on. Those in rules of `params` need not be listed. */
  readonly errors?: readonly ErrorCode[];
  /** One line for the API description. */
  readonly summary?: string;
  /** More lines for the API description. */
  readonly description?: string;
  /** For the API description. A test sends each of them. */
  readonly examples?: readonly MethodExample[];
}

/** A body and its response. */
export interface MethodExample {
  readonly summary: string;
  readonly param: Readonly<Record<string, unknown>>;
  /** The date and all inputs, row by row. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** The date and the outputs, row by row. */
  readonly response: readonly (readonly (number | null)[])[];
  /** The response's `log`. */
  readonly log: string;
}

/**
 * Declares a method. The names in the declaration are types: a misspelt `frame.column('…')`, or a result that lacks an output,
 * does not compile. The rest is checked before the service listens.
 */
export function declareMethod<
  Params extends object,
  const Inputs extends readonly Input[],
  Output extends string,
  Rows extends 'same' | 'own' = 'same',
>(declaration: MethodDeclaration<Params, Inputs, Output, Rows>): MethodDeclaration<Params, Inputs, Output, Rows> {
  return declaration;
}

type NameOf<I> = I extends { readonly name: infer Name extends string } ? Name : never;

/** One call of a method, whose body has been read and checked. */
export interface MethodCall<D extends MethodDeclaration> {
  readonly params: InstanceType<D['params']>;
  /** The dates and the input series. They are empty after the response. */
  readonly frame: Frame<Extract<D['inputs'][number], string>, NameOf<D['inputs'][number]>>;
  /** Aborted when nobody waits for the result any more: the client has gone, or METHOD_TIMEOUT_MS is over. */
  readonly signal: AbortSignal;
  /** Adds a sentence to the response's `log`. */
  readonly note: (text: string) => void;
}

/**
 * The output series by name. Each is as long as the call's frame or, with `rows: 'own'`, as the result's `date` (finite epoch
 * seconds). NaN means missing. An infinity causes OVERFLOW, whose log names the row.
 */
export type MethodResult<D extends MethodDeclaration> = Readonly<Record<D['outputs'][number], Float64Array>> &
  ('own' extends D['rows'] ? { readonly date: Float64Array } : { readonly date?: never });

/** A declaration, and what is derived from it once. */
export interface DeclaredMethod {
  /** The controller's class and function, for the service's log. */
  readonly name: string;
  readonly declaration: MethodDeclaration;
  readonly schema: FrameSchema;
  /** Its own errors: those in the declaration, and those in rules of its params. */
  readonly errors: readonly ErrorCode[];
}

export const METHOD = Symbol('method');

/** The interceptor passes the call to the handler on the request. */
export interface MethodRequest extends Request {
  methodCall?: MethodCall<MethodDeclaration<object, readonly string[]>>;
}

export const inputNames = ({ inputs }: MethodDeclaration): string[] =>
  inputs.map((input) => (typeof input === 'string' ? input : input.name));

export const optionalNames = ({ inputs }: MethodDeclaration): string[] =>
  inputs.flatMap((input) => (typeof input === 'string' ? [] : [input.name]));

/** The paths of a method with the prefix of its controller, in the form that the router compares. */
export const mountedPaths = (controller: Type, { paths }: Pick<MethodDeclaration, 'paths'>): string[] =>
  [Reflect.getMetadata(PATH_METADATA, controller) as string | string[]]
    .flat()
    .flatMap((prefix) => paths.map((path) => `${prefix}/${path}`))
    .map((path) => `/${path.split('/').filter(Boolean).join('/')}`.toLowerCase());

/** The body that a client sends for an example. */
export const exampleBody = (declaration: MethodDeclaration, { param, rows }: MethodExample) => ({
  param,
  scalar: { headers: [DATE, ...inputNames(declaration)], data: rows },
});
