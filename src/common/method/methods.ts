import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type ErrorCode } from '../errors/error-codes.js';
import { DATE, MAX_COLUMNS } from '../frame/frame.js';
import { inputNames, METHOD, type DeclaredMethod, type MethodDeclaration } from './method-declaration.js';
import { dtosOf, untypedProperties } from './params.js';

/** The methods that are mounted. They are checked before the service listens. */
@Injectable()
export class Methods implements OnModuleInit {
  all: readonly DeclaredMethod[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error with one line for each rule that a declaration breaks */
  onModuleInit(): void {
    const mounted = [...this.mounted()];
    const faults = [
      ...mounted.flatMap(({ method: { name, declaration, errors } }) =>
        [...faultsOf(declaration, errors)].map((fault) => `${name}: ${fault}`),
      ),
      ...clashes(mounted),
    ];
    if (faults.length > 0) throw new Error(faults.join('\n'));
    this.all = mounted.map(({ method }) => method);
  }

  private *mounted(): Generator<Mounted> {
    for (const { metatype } of this.discovery.getControllers()) {
      if (typeof metatype !== 'function') continue;
      const prefixes = [this.reflector.get<string | string[]>(PATH_METADATA, metatype)].flat();
      const prototype = metatype.prototype as Record<string, () => unknown>;
      for (const key of this.scanner.getAllMethodNames(prototype)) {
        const method = this.reflector.get<DeclaredMethod | undefined>(
          METHOD,
          prototype[key] as () => unknown,
        );
        if (method !== undefined)
          yield {
            method,
            paths: prefixes.flatMap((prefix) =>
              method.declaration.paths.map((path) => normalized(`${prefix}/${path}`)),
            ),
          };
      }
    }
  }
}

interface Mounted {
  readonly method: DeclaredMethod;
  /** As the router compares them, with the prefix of the controller. */
  readonly paths: readonly string[];
}

const normalized = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`.toLowerCase();

/** The rules that a declaration breaks by itself, each with what it says. */
export function* faultsOf(declaration: MethodDeclaration, errors: readonly ErrorCode[]): Generator<string> {
  const { paths, outputs, params } = declaration;
  if (paths.length === 0) yield 'paths: expected at least one path, got none';
  if (paths.some((path) => normalized(path) === '/'))
    yield `paths: expected no empty path, got ${JSON.stringify(paths)}`;
  if (outputs.length === 0) yield 'outputs: expected at least one series, got none';
  for (const [key, names] of Object.entries({ inputs: inputNames(declaration), outputs })) {
    for (const name of repeated(names)) yield `${key}: expected unique names, got ${name} twice`;
    if (names.includes(DATE)) yield `${key}: expected series without ${DATE}, which every frame has`;
    if (names.length >= MAX_COLUMNS)
      yield `${key}: expected at most ${MAX_COLUMNS - 1} series, got ${names.length}`;
  }
  for (const property of untypedProperties(params))
    yield `params: ${property}: @ValidateNested() needs @Type(() => …), or its rules are not checked`;
  for (const { code, status } of errors) {
    if (!(Number.isInteger(code) && code >= 1000))
      yield `errors: expected integer codes from 1000 on, got ${code}`;
    if (!(Number.isInteger(status) && status >= 400 && status <= 599))
      yield `errors: expected an HTTP status from 400 to 599 for ${code}, got ${status}`;
  }
}

const repeated = <T>(values: readonly T[]): T[] => [
  ...new Set(values.filter((value, i) => values.indexOf(value) < i)),
];

/** Paths, codes of errors and names of DTOs that several methods have; they may share an error and a class. */
function* clashes(mounted: readonly Mounted[]): Generator<string> {
  const takenPaths = new Map<string, string>();
  const takenCodes = new Map<number, { readonly name: string; readonly error: ErrorCode }>();
  const takenClasses = new Map<string, { readonly name: string; readonly dto: object }>();
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
