import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
} from 'node:zlib';

export type Decompressor = Gunzip | Inflate | BrotliDecompress;

/** A way to decompress, and the bytes of memory that it takes. */
export interface Coding {
  readonly name: string;
  readonly create: () => Decompressor;
  readonly bytes: number;
}

/** The content codings of RFC 9110, section 8.4.1, and br of RFC 7932, whose tables alone may take some megabytes. */
export const CODINGS: readonly Coding[] = [
  { name: 'gzip', create: createGunzip, bytes: 1 << 16 },
  { name: 'x-gzip', create: createGunzip, bytes: 1 << 16 },
  { name: 'deflate', create: createInflate, bytes: 1 << 16 },
  { name: 'br', create: createBrotliDecompress, bytes: 1 << 20 },
];

/** As Accept-Encoding lists them; x-gzip is an old name of gzip. */
export const ACCEPTED_CODINGS = CODINGS.map(({ name }) => name)
  .filter((name) => !name.startsWith('x-'))
  .join(', ');
