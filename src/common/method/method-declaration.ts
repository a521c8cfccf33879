import { type Type } from '@nestjs/common';
import { type Request } from 'express';
import { type FrameSchema } from '../frame/frame-decoder.js';
import { type Frame } from '../frame/frame.js';

/** All that the service has to know of a method to put it behind KASEM. */
export interface MethodDeclaration<Params extends object> {
  /** Where it answers POST. */
  readonly paths: string[];
  /** The DTO of what stands under `param`; its class-validator rules decide what is INVALID_PARAM. */
  readonly params: Type<Params>;
  /** The names of the series that it needs. */
  readonly inputs: readonly string[];
  /** The names of the series that it returns, in the order of the response's columns. */
  readonly outputs: readonly string[];
  /** For the description of the API. */
  readonly examples?: readonly MethodExample[];
}

/** A body and its response. */
export interface MethodExample {
  readonly summary: string;
  readonly param: Readonly<Record<string, unknown>>;
  /** The date and the inputs, row by row. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** The date and the outputs, row by row. */
  readonly response: readonly (readonly (number | null)[])[];
  /** What `log` says then. */
  readonly log: string;
}

/** One call of a method, its body read and checked. */
export interface MethodCall<Params> {
  readonly params: Params;
  /** The dates and the input series, which are empty once the response is out. */
  readonly frame: Frame;
}

/**
 * The output series by name, each with one value for each row of the call's frame. NaN means missing. An infinity is
 * answered with OVERFLOW, with its row named.
 */
export type MethodResult = Readonly<Record<string, Float64Array>>;

/** A declaration with what a body is read by, worked out once. */
export interface DeclaredMethod extends MethodDeclaration<object> {
  readonly schema: FrameSchema;
}

export const METHOD_DECLARATION = Symbol('method declaration');

/** Where the interceptor leaves the call for the handler. */
export interface MethodRequest extends Request {
  methodCall?: MethodCall<unknown>;
}
