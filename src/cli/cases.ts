import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { plainToInstance, Type } from 'class-transformer';
import {
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsJSON,
  IsObject,
  IsString,
  Min,
  ValidateIf,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { parse } from 'yaml';
import { ERROR_CODES, type ErrorName } from '../common/errors/error-codes.js';

/** The same path from both the compiled and the source file. */
const CASES = resolve(import.meta.dirname, '../../test/conformance/cases');

/**
 * `documented` is what the page of the public example shows; `error` and `log` may be absent. `contract` is what KASEM and its
 * users rely on beyond that. `robust` is the rest of the contract.
 */
export const LEVELS = ['documented', 'contract', 'robust'] as const;
export type Level = (typeof LEVELS)[number];

/** The series of the method that the contract's cases are for. */
export const SUM = { inputs: ['e1_ts', 'e2_ts'], outputs: ['sum_ts'] };

/** Whether the level that was asked for includes another. */
export const includes = (asked: Level, level: Level): boolean => LEVELS.indexOf(level) <= LEVELS.indexOf(asked);

const SHAPES = ['digits', 'gaps', 'integers'] as const;
const COMPRESS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

/** A nested object with the rules of another class. */
const Nested = (type: () => new () => object) => (target: object, property: string) => {
  for (const rule of [IsObject(), ValidateNested(), Type(type)]) rule(target, property);
};

/** Rows that are generated rather than stored. The same seed gives the same rows. */
export class GeneratedRows {
  @IsDefined() @IsInt() readonly rows!: number;
  @IsDefined() @IsInt() readonly seed!: number;
  /** `digits`: samples of 17 digits; `gaps`: some of them missing; `integers`: small whole numbers. */
  @IsDefined() @IsIn(SHAPES) readonly shape!: (typeof SHAPES)[number];
  /** The text of one more row at the end. */
  @IsString() readonly last?: string;
}

class Request {
  @IsString() readonly method?: string;
  /** Appended to the URL of the method. */
  @IsString() readonly suffix?: string;
  /** Another path on the same host. */
  @IsString() readonly at?: string;
  /** In addition to Content-Type: application/json. null omits a header. */
  @IsObject() readonly headers?: Readonly<Record<string, string | null>>;
  @IsString() readonly body?: string;
  /** Hexadecimal bytes that replace each @ of the body, or are the body if there is none. */
  @IsString() readonly hex?: string;
  /** Rows that replace the @ of the body. */
  @Nested(() => GeneratedRows) readonly generated?: GeneratedRows;
  @IsIn(Object.keys(COMPRESS)) readonly compress?: keyof typeof COMPRESS;
  /** How many bytes to append to the body after compression or, if negative, to cut off. */
  @IsInt() readonly cut?: number;
  /** The length of the chunks in bytes, if the body is sent chunked. */
  @IsInt() @Min(1) readonly chunks?: number;
}

class Expectation {
  /** The status, if it is not that of the error code. */
  @IsInt() readonly status?: number;
  /** A name in docs/errors.md, or a code of the method's own; undefined for success. */
  @ValidateIf(({ error }) => typeof error !== 'number')
  @IsIn(Object.keys(ERROR_CODES), { message: 'error must be a name of docs/errors.md or a number' })
  readonly error?: ErrorName | number;
  /** Text that `log` has to contain. */
  @IsString() readonly log?: string;
  /** The names of the response's columns, if they are not those of the sum. */
  @IsString({ each: true }) readonly columns?: readonly string[];
  /** The rows of the response as JSON text. For generated rows of the sum they are computed. */
  @IsJSON() readonly data?: string;
  /** By how much a value may differ, relative to it. 0 requires the same double. */
  @Min(0) readonly tolerance?: number;
  /** Whether the text of the response's rows has to be that of `data`. */
  @IsBoolean() readonly exact?: boolean;
  @IsObject() readonly headers?: Readonly<Record<string, string>>;
}

/** A case in a file *.yaml; docs/conformance.md says how to write one. */
export class Case {
  @IsDefined() @IsString() readonly name!: string;
  @IsIn(LEVELS) readonly level: Level = 'contract';
  @IsDefined() @Nested(() => Request) readonly request!: Request;
  @IsDefined() @Nested(() => Expectation) readonly expect!: Expectation;
}

const RULES = { skipUndefinedProperties: true, whitelist: true, forbidNonWhitelisted: true };

/** @throws Error that names the file, the case and the property at fault */
export function loadCases(directory = CASES): Case[] {
  const files = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
  return files.sort().flatMap((name) => {
    const path = join(directory, name);
    const list = read(path);
    if (!Array.isArray(list)) throw new Error(`${path}: expected a list of cases`);
    return list.map((item: unknown, i) => {
      const one = plainToInstance(Case, Object(item));
      const [fault] = faultsIn(validateSync(one, RULES));
      if (fault !== undefined) throw new Error(`${path}: case ${i + 1}: ${fault}`);
      return one;
    });
  });
}

function read(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

const faultsIn = (errors: readonly ValidationError[], path = ''): string[] =>
  errors.flatMap(({ property, constraints = {}, children = [] }) => [
    ...Object.values(constraints).map((fault) => path + fault),
    ...faultsIn(children, `${path}${property}: `),
  ]);

/** The rows that are described: a date and two samples each. */
export function generate({ rows, seed, shape }: GeneratedRows): (number | null)[][] {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const sample = (): number | null => {
    if (shape === 'integers') return Math.floor(next() * 1000) - 500;
    if (shape === 'gaps' && next() < 0.1) return null;
    return next() * 1000 + next() / 1e6;
  };
  return Array.from({ length: rows }, (_, row) => [1420066800 + row, sample(), sample()]);
}

/** The rows that the response has to have; undefined if the case expects none. */
export function expectedRows({ request, expect }: Case): (number | null)[][] | undefined {
  if (expect.data !== undefined) return JSON.parse(expect.data) as (number | null)[][];
  if (request.generated === undefined || expect.error !== undefined || expect.columns !== undefined) return undefined;
  return generate(request.generated).map(([date, e1, e2]) => [
    date as number,
    e1 === null || e2 === null ? null : (e1 as number) + (e2 as number),
  ]);
}

function textOf(described: GeneratedRows): string {
  const text = JSON.stringify(generate(described));
  return described.last === undefined ? text : `${text.slice(0, -1)},${described.last}]`;
}

/** The body's bytes, and the pieces in which they are sent. */
export function bodyOf({ request: { body = '', hex, generated, compress, cut = 0, chunks } }: Case): {
  readonly bytes: Buffer;
  readonly pieces: Buffer | Buffer[];
} {
  const inner = generated === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(textOf(generated));
  const parts = (hex === undefined && generated === undefined ? [body] : body === '' ? ['', ''] : body.split('@')).map(
    (part) => Buffer.from(part),
  );
  const text = Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [inner, part])));
  const whole = compress === undefined ? text : COMPRESS[compress](text);
  const bytes = cut < 0 ? whole.subarray(0, cut) : Buffer.concat([whole, Buffer.alloc(cut, 'x')]);
  if (chunks === undefined) return { bytes, pieces: bytes };
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunks) }, (_, i) =>
    bytes.subarray(i * chunks, (i + 1) * chunks),
  );
  return { bytes, pieces };
}
