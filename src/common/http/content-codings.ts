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

/** A content coding that can be decompressed. */
export interface Coding {
  readonly name: string;
  /** @param first the first byte of the body, if known */
  readonly create: (first?: number) => Decompressor;
  /** The memory that a decompressor takes. */
  readonly bytes: number;
  /** Whether zero bytes may follow the data: archives on tape are padded with them. */
  readonly mayBePadded?: boolean;
}

/** RFC 9110 means the zlib format, whose first byte ends in 8 (hexadecimal). .NET sends raw deflate, whose never does. */
const createDeflate = (first = 8): Decompressor => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw());

/** The content codings of RFC 9110, section 8.4.1, and br (RFC 7932), whose tables alone may take some megabytes. */
export const CODINGS: readonly Coding[] = [
  { name: 'gzip', create: () => createGunzip(), bytes: 1 << 16, mayBePadded: true },
  { name: 'x-gzip', create: () => createGunzip(), bytes: 1 << 16, mayBePadded: true },
  { name: 'deflate', create: createDeflate, bytes: 1 << 16 },
  { name: 'br', create: () => createBrotliDecompress(), bytes: 1 << 20 },
];

/** The value of Accept-Encoding, without x-gzip, which is an old name of gzip. */
export const ACCEPTED_CODINGS = CODINGS.map(({ name }) => name)
  .filter((name) => !name.startsWith('x-'))
  .join(', ');
