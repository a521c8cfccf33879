import { setImmediate } from 'node:timers/promises';
import { KasemError } from '../errors/kasem.error.js';
import {
  type DecodedBody,
  type DecoderOptions,
  type FrameDecoder,
  type FrameSchema,
} from './frame-decoder.js';
import { columnIndices, duplicateKey, rowError, type Found } from './frame-rules.js';
import { DATE, Frame } from './frame.js';
import { JsonScanner } from './json-scanner.js';
import { type Kernel } from './kernel/kernel.js';
import { RowDecoder, type RowShape } from './row-decoder.js';

/** The longest text of a param or of the headers, in bytes. */
const MAX_KEPT_BYTES = 1 << 20;

/** After so many bytes of rows other requests get a turn. */
const BYTES_A_TURN = 1 << 20;

/** Later rows may be shorter than the first; pages that nothing is written to cost nothing. */
const ROOM = 1.1;

/** Where the length is not known, columns grow by copying up to here, which takes some milliseconds; then once for all. */
const MANY_ROWS = 1 << 20;

const MATTERING = ['param', 'scalar'];
const MATTERING_IN_SCALAR = ['headers', 'data'];

const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

const NONE = new Uint8Array();

/** Text that is kept from the chunks while it passes. */
class Capture {
  readonly pieces: Buffer[] = [];
  bytes = 0;
  private from: number | undefined;

  constructor(
    private readonly maxBytes: number,
    index: number,
  ) {
    this.from = index;
  }

  get isTooLong(): boolean {
    return this.bytes > this.maxBytes;
  }

  /** The chunk ends before the index; what is captured goes on in the next one. */
  nextChunk(chunk: Uint8Array, index: number): void {
    this.take(chunk, index);
    this.from = 0;
  }

  /** What is captured ends before the index. */
  take(chunk: Uint8Array, index: number): void {
    const from = this.from ?? index;
    this.bytes += index - from;
    this.from = undefined;
    if (this.isTooLong) this.pieces.length = 0;
    else this.pieces.push(Buffer.from(chunk.subarray(from, index)));
  }

  parse(): unknown {
    return JSON.parse(Buffer.concat(this.pieces).toString());
  }
}

/**
 * Decodes a body as it arrives, in memory that grows with its needed columns and not with its text. A scanner checks all
 * of it and keeps the text of the few values that matter, which JSON.parse then reads; the rows go to a RowDecoder.
 */
export class KernelFrameDecoder implements FrameDecoder {
  private readonly scanner: JsonScanner;
  /** The chunk at hand; none after its push, since it is the caller's again. */
  private chunk: Uint8Array = NONE;
  /** How many bytes stood before the chunk at hand. */
  private offset = 0;
  private malformed: KasemError | undefined;
  private duplicate: string | undefined;
  /** The keys on the way to the value at hand, the one in the body at 1, the one below at 2. */
  private keys: (string | undefined)[] = [];
  private readonly seen = new Set<string | undefined>();
  /** The paths that matter by the first byte of their values, which tells what these are; the body's path is empty. */
  private readonly firstBytes = new Map<string, number>();
  private readonly kept = new Map<string, Capture>();
  private capture: Capture | undefined;
  private rows: RowDecoder | undefined;
  private inRows = false;
  /** The text of rows that came before their headers. */
  private early: Capture | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly schema: FrameSchema,
    private readonly options: DecoderOptions,
  ) {
    this.scanner = new JsonScanner(
      {
        begin: (depth, first, index) => this.beginValue(depth, first, index),
        end: (_, index) => this.endValue(index),
        key: (depth, text) => this.takeKey(depth, text),
      },
      2,
    );
  }

  push(chunk: Uint8Array): void {
    this.chunk = chunk;
    let i = 0;
    while (i < chunk.length && this.malformed === undefined)
      i = this.inRows ? this.pushRows(chunk, i) : this.pushEnvelope(chunk, i);
    this.capture?.nextChunk(chunk, chunk.length);
    if (this.inRows) this.early?.nextChunk(chunk, chunk.length);
    this.offset += chunk.length;
    this.chunk = NONE;
  }

  async end(): Promise<DecodedBody> {
    this.scanner.finish(0);
    if (this.offset === 0) throw new KasemError('MALFORMED_JSON', 'the body is empty');
    if (this.malformed !== undefined) throw this.malformed;
    if (!this.scanner.isDone) throw notJson(`it ends too early, after ${this.offset} bytes`);

    this.assertObject('', 'the body');
    if (this.duplicate !== undefined) throw duplicateKey(this.duplicate);
    this.assertObject('param', 'param');
    this.assertObject('scalar', 'scalar');
    if (!this.seen.has('scalar.data')) throw new KasemError('INVALID_BODY', 'scalar.data is missing');
    if (this.rows === undefined)
      throw new KasemError(
        'INVALID_BODY',
        `scalar.data must be an array and is ${foundBy(this.firstBytes.get('scalar.data'))}`,
      );
    for (const [path, capture] of this.kept)
      if (capture.isTooLong)
        throw new KasemError('INVALID_BODY', `${path} is longer than ${MAX_KEPT_BYTES} bytes`);

    const shape = this.rowShape();
    const rows = this.early === undefined ? this.rows : await this.decodeEarly(this.early, shape);
    const { series, params } = this.schema;
    if (rows.fault !== undefined) throw rowError(rows.fault, shape.width, shape.indices, series);
    const names = [DATE, ...series];
    return {
      params: Object.fromEntries(
        params.flatMap((name) => {
          const value = this.kept.get(`param.${name}`);
          return value === undefined ? [] : [[name, value.parse()]];
        }),
      ),
      frame: new Frame(new Map(rows.result.map((column, c) => [names[c] as string, column]))),
    };
  }

  private pushEnvelope(chunk: Uint8Array, from: number): number {
    let i = this.scanner.scan(chunk, from, chunk.length);
    if (this.scanner.fault !== undefined) this.refuse(this.scanner.fault, i);
    else if (this.inRows) {
      // The scanner stopped before the bracket that opens the rows.
      i++;
      if (!this.kept.has('scalar.headers')) this.early = new Capture(Infinity, i);
      this.rows = this.rowDecoder(this.tryRowShape());
    } else {
      for (; i < chunk.length; i++)
        if (!' \n\r\t'.includes(String.fromCharCode(chunk[i] as number))) {
          this.refuse('something follows its end', i);
          break;
        }
    }
    return i;
  }

  private pushRows(chunk: Uint8Array, from: number): number {
    const rows = this.rows as RowDecoder;
    const i = rows.push(chunk, from, chunk.length);
    if (rows.malformed !== undefined) this.refuse(rows.malformed, i);
    else if (rows.isDone) {
      this.inRows = false;
      this.early?.take(chunk, i);
      this.scanner.resumeAfterValue(i);
    }
    return i;
  }

  /** Rows that were kept until their headers were known; the loop is given back in between. */
  private async decodeEarly(early: Capture, shape: RowShape): Promise<RowDecoder> {
    const rows = this.rowDecoder(shape);
    let turn = 0;
    for (const piece of early.pieces) {
      rows.push(piece, 0, piece.length);
      turn += piece.length;
      if (turn > BYTES_A_TURN) {
        await setImmediate();
        turn = 0;
      }
    }
    return rows;
  }

  private rowDecoder(shape: RowShape | undefined): RowDecoder {
    const { expectedBytes, limitBytes = 0 } = this.options;
    return new RowDecoder(this.kernel, shape, (meanRowBytes, rows) => {
      const bytes = expectedBytes ?? (rows < MANY_ROWS ? 0 : limitBytes);
      return Math.ceil((bytes / meanRowBytes) * ROOM);
    });
  }

  private rowShape(): RowShape {
    const headers = this.kept.get('scalar.headers')?.parse();
    return {
      indices: columnIndices(headers, this.schema.series),
      width: (headers as string[]).length,
    };
  }

  /** None where there are no headers yet; those at fault are told at the end, when it is known that the body is JSON. */
  private tryRowShape(): RowShape | undefined {
    try {
      return this.rowShape();
    } catch {
      return undefined;
    }
  }

  private path(depth: number): string | undefined {
    if (depth === 0) return '';
    const [, first, second] = this.keys;
    if (depth === 1) return first;
    return second === undefined ? undefined : `${first}.${second}`;
  }

  private beginValue(depth: number, first: number, index: number): boolean {
    const path = this.path(depth);
    if (path === undefined) return false;
    this.firstBytes.set(path, first);
    if (path === 'scalar.data' && first === OPEN_ARRAY) return (this.inRows = true);
    if (depth === 2) {
      this.capture = new Capture(MAX_KEPT_BYTES, index);
      this.kept.set(path, this.capture);
    }
    return false;
  }

  private endValue(index: number): void {
    this.capture?.take(this.chunk, index);
    this.capture = undefined;
  }

  private takeKey(depth: number, text: string | undefined): void {
    this.keys.length = depth;
    const name = text === undefined ? undefined : (JSON.parse(text) as string);
    const matters =
      depth === 1
        ? MATTERING
        : this.keys[1] === 'scalar'
          ? MATTERING_IN_SCALAR
          : this.keys[1] === 'param'
            ? this.schema.params
            : [];
    this.keys[depth] = matters.find((one) => one === name);
    const path = this.path(depth);
    if (this.seen.has(path)) this.duplicate ??= path;
    this.seen.add(path);
  }

  private assertObject(path: string, name: string): void {
    const first = this.firstBytes.get(path);
    if (first === undefined) throw new KasemError('INVALID_BODY', `${name} is missing`);
    if (first !== OPEN_OBJECT)
      throw new KasemError('INVALID_BODY', `${name} must be an object and is ${foundBy(first)}`);
  }

  private refuse(why: string, index: number): void {
    this.malformed = notJson(`${why} at byte ${this.offset + index}`);
  }
}

const notJson = (why: string): KasemError =>
  new KasemError('MALFORMED_JSON', `the body is no JSON text: ${why}`);

/** What a value is by its first byte. */
function foundBy(first: number | undefined): Found {
  switch (String.fromCharCode(first ?? 0)) {
    case '"':
      return 'text';
    case '{':
      return 'an object';
    case '[':
      return 'an array';
    case 'n':
      return 'null';
    case 't':
    case 'f':
      return 'a boolean';
    default:
      return 'a number';
  }
}
