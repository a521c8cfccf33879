import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type ErrorCode } from '../errors/error-codes.js';
import { DATE, MAX_COLUMNS } from '../frame/frame.js';
import { isProbe } from '../http/request-context.js';
import { Failure } from './method-api.js';
import {
  exampleBody,
  inputNames,
  METHOD,
  mountedPaths,
  type DeclaredMethod,
  type MethodDeclaration,
} from './method-declaration.js';
import { asyncProperties, dtosOf, unruledProperties, untypedProperties } from './params.js';

/** The mounted methods. They are checked before the service listens. */
@Injectable()
export class Methods implements OnModuleInit {
  all: readonly DeclaredMethod[] = [];
  /** A call to try: the first example of the first method that has one. */
  example?: ExampleCall;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error with one line for each rule that a declaration breaks */
  onModuleInit(): void {
    const mounted = [...this.mounted()];
    const faults = [
      ...mounted.flatMap(({ method: { name, declaration, errors }, paths }) =>
        [...faultsOfPaths(paths), ...faultsOf(declaration, errors)].map((fault) => `${name}: ${fault}`),
      ),
      ...clashes(mounted),
    ];
    if (faults.length > 0) throw new Error(faults.join('\n'));
    this.all = mounted.map(({ method }) => method);
    this.example = mounted.flatMap(({ method: { declaration }, paths: [path = '/'] }) =>
      (declaration.examples ?? []).map((example) => ({ path, body: exampleBody(declaration, example) })),
    )[0];
  }

  private *mounted(): Generator<Mounted> {
    for (const { metatype } of this.discovery.getControllers()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, () => unknown>;
      for (const key of this.scanner.getAllMethodNames(prototype)) {
        const method = this.reflector.get<DeclaredMethod | undefined>(METHOD, prototype[key] as () => unknown);
        if (method !== undefined) yield { method, paths: mountedPaths(metatype as Type, method.declaration) };
      }
    }
  }
}

export interface ExampleCall {
  readonly path: string;
  readonly body: object;
}

interface Mounted {
  readonly method: DeclaredMethod;
  /** With the prefix of the controller, in the form that the router compares. */
  readonly paths: readonly string[];
}

/** The rules that the paths of one method break. */
function* faultsOfPaths(paths: readonly string[]): Generator<string> {
  if (paths.length === 0) yield 'paths: expected at least one path, got none';
  for (const path of paths) {
    const { pathname } = new URL(path, 'http://localhost');
    if (path === '/') yield 'paths: expected no empty path';
    if (pathname !== path) yield `paths: no request reaches ${path}: in a URL it is ${pathname}`;
    if (isProbe({ path })) yield `paths: expected none below /health or /metrics, which are for probes, got ${path}`;
  }
}

/** The rules that one declaration breaks. */
function* faultsOf(declaration: MethodDeclaration, errors: readonly ErrorCode[]): Generator<string> {
  const { outputs, params } = declaration;
  if (outputs.length === 0) yield 'outputs: expected at least one series, got none';
  for (const [key, names] of Object.entries({ inputs: inputNames(declaration), outputs })) {
    for (const name of repeated(names)) yield `${key}: expected unique names, got ${name} twice`;
    if (names.includes(DATE)) yield `${key}: expected series without ${DATE}, which every frame has`;
    if (names.length >= MAX_COLUMNS) yield `${key}: expected at most ${MAX_COLUMNS - 1} series, got ${names.length}`;
  }
  for (const property of untypedProperties(params))
    yield `params: ${property}: @ValidateNested() needs @Type(() => …), or its rules are not checked`;
  for (const property of unruledProperties(params))
    yield `params: ${property}: expected a rule of class-validator, or what a body gives is ignored`;
  for (const property of asyncProperties(params))
    yield `params: ${property}: expected rules that are not asynchronous, since nothing waits for their result`;
  for (const error of errors) yield* faultsOfError(error);
}

/** The rules that a method's own error breaks. */
export function* faultsOfError({ code, status }: ErrorCode): Generator<string> {
  if (!(Number.isInteger(code) && code >= 1000)) yield `errors: expected integer codes from 1000 on, got ${code}`;
  if (!(Number.isInteger(status) && status >= 400 && status <= 599))
    yield `errors: expected an HTTP status from 400 to 599 for ${code}, got ${status}`;
}

const repeated = <T>(values: readonly T[]): T[] => [...new Set(values.filter((value, i) => values.indexOf(value) < i))];

/** Paths, error codes and DTO names that several methods have. Methods may share the same error or the same class. */
function* clashes(mounted: readonly Mounted[]): Generator<string> {
  const takenPaths = new Map<string, string>();
  const takenCodes = new Map<number, { readonly name: string; readonly error: ErrorCode }>();
  const takenClasses = new Map<string, { readonly name: string; readonly dto: object }>([
    [Failure.name, { name: 'the service', dto: Failure }],
  ]);
  for (const { method, paths } of mounted) {
    for (const path of paths) {
      const other = takenPaths.get(path);
      if (other !== undefined) yield `${method.name}: paths: ${path} is also a path of ${other}`;
      takenPaths.set(path, method.name);
    }
    for (const error of method.errors) {
      const other = takenCodes.get(error.code);
      if (other !== undefined && other.error !== error)
        yield `${method.name}: errors: ${error.code} is also another error of ${other.name}`;
      takenCodes.set(error.code, { name: method.name, error });
    }
    for (const dto of dtosOf(method.declaration.params)) {
      const other = takenClasses.get(dto.name);
      if (other !== undefined && other.dto !== dto)
        yield `${method.name}: params: ${dto.name} is also another class of ${other.name}; the API description needs one name for each`;
      takenClasses.set(dto.name, { name: method.name, dto });
    }
  }
}
