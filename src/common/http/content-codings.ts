import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
  type InflateRaw,
} from 'node:zlib';

export type Decompressor = Gunzip | Inflate | InflateRaw | BrotliDecompress;

/** A way to decompress, and the bytes of memory that it takes. */
export interface Coding {
  readonly name: string;
  /** @param first the first byte of the body, where it is known */
  readonly create: (first?: number) => Decompressor;
  readonly bytes: number;
  /** Whether zero bytes may follow, with which tape archives are filled up. */
  readonly mayBePadded?: boolean;
}

/** RFC 9110 means the format of zlib, whose first byte ends in 8; .NET writes the raw one, which never begins so. */
const createDeflate = (first = 8): Decompressor =>
  (first & 0x0f) === 8 ? createInflate() : createInflateRaw();

/** The content codings of RFC 9110, section 8.4.1, and br of RFC 7932, whose tables alone may take some megabytes. */
export const CODINGS: readonly Coding[] = [
  { name: 'gzip', create: () => createGunzip(), bytes: 1 << 16, mayBePadded: true },
  { name: 'x-gzip', create: () => createGunzip(), bytes: 1 << 16, mayBePadded: true },
  { name: 'deflate', create: createDeflate, bytes: 1 << 16 },
  { name: 'br', create: () => createBrotliDecompress(), bytes: 1 << 20 },
];

/** As Accept-Encoding lists them; x-gzip is an old name of gzip. */
export const ACCEPTED_CODINGS = CODINGS.map(({ name }) => name)
  .filter((name) => !name.startsWith('x-'))
  .join(', ');
