import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { type ErrorName } from '../common/errors/error-codes.js';

/** Found from the compiled and from the source file alike. */
const CASES = resolve(import.meta.dirname, '../../test/conformance/cases');

/** `contract` is what KASEM's documented exchange needs, `robust` all that the contract settles beyond it. */
export const LEVELS = ['contract', 'robust'] as const;
export type Level = (typeof LEVELS)[number];

/** Rows that are described rather than stored: the same for the same seed. */
export interface GeneratedRows {
  readonly rows: number;
  readonly seed: number;
  /** `digits`: samples of 17 digits; `gaps`: some of them missing; `integers`: small whole numbers. */
  readonly shape: 'digits' | 'gaps' | 'integers';
  /** The text of one more row, after all of them. */
  readonly last?: string;
}

/** One case as it stands in test/conformance/cases/*.yaml; docs/conformance.md says how to write one. */
export interface Case {
  readonly name: string;
  readonly level: Level;
  readonly request: {
    readonly method?: string;
    /** Put behind the URL of the method. */
    readonly suffix?: string;
    /** Another path on the same host. */
    readonly at?: string;
    /** Beside Content-Type: application/json; null leaves one out. */
    readonly headers?: Readonly<Record<string, string | null>>;
    readonly body?: string;
    /** Where the body is no text: hexadecimal, put in the place of each @ of the body, or on its own. */
    readonly hex?: string;
    /** In the place of @ of the body. */
    readonly generated?: GeneratedRows;
    readonly compress?: 'gzip' | 'deflate' | 'br';
    /** Of the compressed body only so many bytes less than all, or more than all. */
    readonly cut?: number;
    /** Sent chunked, in pieces of so many bytes. */
    readonly chunks?: number;
  };
  readonly expect: {
    /** Where it is not the one that the error code has. */
    readonly status?: number;
    /** A name of docs/errors.md; none for success. */
    readonly error?: ErrorName;
    /** What `log` has to contain. */
    readonly log?: string;
    /** The rows of the response as JSON text, compared to the last bit; for generated rows they are computed. */
    readonly data?: string;
    /** The response's rows are written as `data` is. */
    readonly exact?: boolean;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export function loadCases(directory = CASES): Case[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => parse(readFileSync(join(directory, name), 'utf8')) as Case[]);
}

/** The rows of a description, and what a sum scaled by 1 makes of them. */
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

/** The rows that the response has to have; undefined where the case names none. */
export function expectedRows({ request, expect }: Case): (number | null)[][] | undefined {
  if (expect.data !== undefined) return JSON.parse(expect.data) as (number | null)[][];
  if (request.generated === undefined || expect.error !== undefined) return undefined;
  return generate(request.generated).map(([date, e1, e2]) => [
    date as number,
    e1 === null || e2 === null ? null : (e1 as number) + (e2 as number),
  ]);
}

function textOf(described: GeneratedRows): string {
  const text = JSON.stringify(generate(described));
  return described.last === undefined ? text : `${text.slice(0, -1)},${described.last}]`;
}

const COMPRESS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

/** The bytes of the body, in the pieces in which they are sent. */
export function bodyOf({ request: { body = '', hex, generated, compress, cut = 0, chunks } }: Case): {
  readonly bytes: Buffer;
  readonly pieces: Buffer | Buffer[];
} {
  const inner = generated === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(textOf(generated));
  const parts = (
    hex === undefined && generated === undefined ? [body] : body === '' ? ['', ''] : body.split('@')
  ).map((part) => Buffer.from(part));
  const text = Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [inner, part])));
  const whole = compress === undefined ? text : COMPRESS[compress](text);
  const bytes = cut < 0 ? whole.subarray(0, cut) : Buffer.concat([whole, Buffer.alloc(cut, 'x')]);
  if (chunks === undefined) return { bytes, pieces: bytes };
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunks) }, (_, i) =>
    bytes.subarray(i * chunks, (i + 1) * chunks),
  );
  return { bytes, pieces };
}
