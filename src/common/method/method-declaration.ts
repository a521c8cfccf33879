import { type Type } from '@nestjs/common';
import { type Request } from 'express';
import { type ErrorCode } from '../errors/error-codes.js';
import { type FrameSchema } from '../frame/frame-decoder.js';
import { type Frame } from '../frame/frame.js';

/** The name of a series that the method needs, or of one that a body may leave out. */
export type Input = string | { readonly name: string; readonly optional: true };

/** All that the service has to know of a method to put it behind KASEM. */
export interface MethodDeclaration<
  Params extends object = object,
  Inputs extends readonly Input[] = readonly Input[],
  Output extends string = string,
  Rows extends 'same' | 'own' = 'same' | 'own',
> {
  /** Where it takes POST. */
  readonly paths: readonly string[];
  /** The DTO of what stands under `param`; its class-validator rules decide what is INVALID_PARAM. */
  readonly params: Type<Params>;
  /** The series that it takes, without `date`. */
  readonly inputs: Inputs;
  /** The names of the series that it returns, without `date`, in the order of the response's columns. */
  readonly outputs: readonly Output[];
  /** `same`, the default: one output row for each input row, under its date. `own`: the result has a `date` of its own. */
  readonly rows?: Rows;
  /** Its own errors, with codes from 1000 on. Those that rules of `params` carry need not be listed. */
  readonly errors?: readonly ErrorCode[];
  /** One line and more of them for the description of the API. */
  readonly summary?: string;
  readonly description?: string;
  /** For the description of the API; a test sends each of them. */
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
  /** What `log` says then. */
  readonly log: string;
}

/**
 * Declares a method as a value whose names are types: a misspelt `frame.column('…')` and a result without an output do not
 * compile. The rest is checked before the service listens.
 */
export function declareMethod<
  Params extends object,
  const Inputs extends readonly Input[],
  Output extends string,
  Rows extends 'same' | 'own' = 'same',
>(
  declaration: MethodDeclaration<Params, Inputs, Output, Rows>,
): MethodDeclaration<Params, Inputs, Output, Rows> {
  return declaration;
}

type NameOf<I> = I extends { readonly name: infer Name extends string } ? Name : never;

/** One call of a method, its body read and checked. */
export interface MethodCall<D extends MethodDeclaration> {
  readonly params: InstanceType<D['params']>;
  /** The dates and the input series, which are empty once the response is out. */
  readonly frame: Frame<Extract<D['inputs'][number], string>, NameOf<D['inputs'][number]>>;
  /** Aborted when the client has gone or METHOD_TIMEOUT_MS is over: nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /** Adds a sentence to the response's `log`. */
  readonly note: (text: string) => void;
}

/**
 * The output series by name, as long as the call's frame or, with `rows: 'own'`, as the result's own `date` (finite epoch
 * seconds). NaN means missing. An infinity gives OVERFLOW, which names its row.
 */
export type MethodResult<D extends MethodDeclaration> = Readonly<Record<D['outputs'][number], Float64Array>> &
  ('own' extends D['rows'] ? { readonly date: Float64Array } : { readonly date?: never });

/** A declaration with what is worked out of it once. */
export interface DeclaredMethod {
  /** The class and the function that hold the method, for the service's log. */
  readonly name: string;
  readonly declaration: MethodDeclaration;
  readonly schema: FrameSchema;
  /** All errors of its own: those declared, and those that rules of its params carry. */
  readonly errors: readonly ErrorCode[];
}

export const METHOD = Symbol('method');

/** Where the interceptor leaves the call for the handler. */
export interface MethodRequest extends Request {
  methodCall?: MethodCall<MethodDeclaration<object, readonly string[]>>;
}

export const inputNames = ({ inputs }: MethodDeclaration): string[] =>
  inputs.map((input) => (typeof input === 'string' ? input : input.name));

export const optionalNames = ({ inputs }: MethodDeclaration): string[] =>
  inputs.flatMap((input) => (typeof input === 'string' ? [] : [input.name]));
