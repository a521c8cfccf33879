import { KasemError } from '../errors/kasem.error.js';
import { type DecodedBody, type DecoderOptions, type FrameDecoder } from './frame-decoder.js';
import {
  assertHeadersLength,
  assertParamLength,
  columnIndices,
  describeText,
  duplicateKey,
  MAX_HEADERS_BYTES,
  MAX_PARAM_BYTES,
  neededSeries,
  notJson,
  rowError,
} from './frame-rules.js';
import { DATE, Frame, type FrameSchema } from './frame.js';
import { free } from '../free.js';
import {
  faultText,
  isSpace,
  JsonScanner,
  keyName,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  type JsonFault,
} from './json-scanner.js';
import { type Kernel } from './kernel/kernel.js';
import { repeatedKey } from './repeated-key.js';
import { RowDecoder, type RowShape } from './row-decoder.js';
import { TextBlocks } from './text-blocks.js';
import { turns } from '../turns.js';

/** Spare room, since later rows may be shorter than the first. Pages that are never written take no memory. */
const ROOM = 1.1;

/** If the length is unknown, columns double up to here; the copies take some milliseconds. Then they grow once to the limit. */
const MANY_ROWS = 1 << 20;

const NEEDED_IN_BODY = ['param', 'scalar'];
const NEEDED_IN_SCALAR = ['headers', 'data'];
const NO_KEYS: readonly string[] = [];

const NONE = new Uint8Array();

interface NamedRowShape extends RowShape {
  readonly series: readonly string[];
}

/**
 * Decodes a body as it arrives. Its memory grows with the needed columns, not with the text. A scanner checks everything and
 * keeps the text of the few values that are needed, for JSON.parse. The rows go to a RowDecoder.
 */
export class KernelFrameDecoder implements FrameDecoder {
  private readonly scanner: JsonScanner;
  /** The current chunk; empty between pushes, since the caller may reuse it. */
  private chunk: Uint8Array = NONE;
  /** The number of bytes before the current chunk. */
  private offset = 0;
  private malformed: KasemError | undefined;
  private duplicate: string | undefined;
  /** The keys that lead to the current value: at 1 the key in the body, at 2 the key below that. */
  private readonly keys: (string | undefined)[] = [];
  private readonly seen = new Set<string>();
  /** The first bytes of the needed values, which tell their types, by path. The path of the body is empty. */
  private readonly firstBytes = new Map<string, number>();
  /** The texts of the params and the headers, by path. */
  private readonly kept = new Map<string, TextBlocks>();
  /** The text that is being kept, and the index in the current chunk from which to keep it. */
  private keeping: { readonly text: TextBlocks; from: number } | undefined;
  private shape: NamedRowShape | undefined;
  private rows: RowDecoder | undefined;
  private inRows = false;
  /** The text of rows that came before their headers. */
  private early: TextBlocks | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly schema: FrameSchema,
    private readonly options: DecoderOptions,
  ) {
    this.scanner = new JsonScanner(
      {
        begin: (depth, first, index) => this.beginValue(depth, first, index),
        end: (_, index) => this.endKeeping(index),
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
    if (this.malformed !== undefined) this.release();
    if (this.keeping !== undefined) {
      this.keeping.text.append(chunk, this.keeping.from, chunk.length);
      this.keeping.from = 0;
    }
    this.offset += chunk.length;
    this.chunk = NONE;
  }

  async end(): Promise<DecodedBody> {
    this.scanner.finish(0);
    if (this.offset === 0) throw new KasemError('MALFORMED_JSON', 'the body is empty');
    if (this.malformed !== undefined) throw this.malformed;
    if (!this.scanner.isDone) throw notJson(`unexpected end after ${this.offset} bytes`, this.place);

    this.assertObject('', 'the body');
    if (this.duplicate !== undefined) throw duplicateKey(this.duplicate);
    this.assertObject('param', 'param');
    this.assertObject('scalar', 'scalar');
    if (!this.seen.has('scalar.data')) throw new KasemError('INVALID_BODY', 'scalar.data is missing');
    if (this.rows === undefined)
      throw new KasemError('INVALID_BODY', `scalar.data: expected an array, got ${this.describe('scalar.data')}`);
    for (const [path, text] of this.kept) {
      const repeated = path.startsWith('param.') ? repeatedKey(text.toBuffer(), path) : undefined;
      if (repeated !== undefined) throw duplicateKey(repeated);
    }
    assertHeadersLength(this.kept.get('scalar.headers')?.bytes ?? 0);

    const shape = this.shape ?? this.rowShape();
    const rows = this.early === undefined ? this.rows : await this.decodeEarly(this.early, shape, this.rows.rows);
    const { optional, params } = this.schema;
    const { series } = shape;
    if (rows.fault !== undefined) throw rowError(rows.fault, shape.width, shape.indices, series);
    const names = [DATE, ...series];
    return {
      params: Object.fromEntries(
        params.flatMap((name) => {
          const text = this.kept.get(`param.${name}`);
          if (text === undefined) return [];
          assertParamLength(name, text.bytes);
          return [[name, parse(text)]];
        }),
      ),
      frame: new Frame(new Map(rows.result.map((column, c) => [names[c] as string, column])), optional),
    };
  }

  release(): void {
    this.kept.clear();
    this.keeping = undefined;
    this.early = undefined;
    this.rows?.release();
  }

  private pushEnvelope(chunk: Uint8Array, from: number): number {
    let i = this.scanner.scan(chunk, from, chunk.length);
    if (this.scanner.fault !== undefined) this.refuse(this.scanner.fault);
    else if (this.inRows) {
      // The scanner stopped before the bracket that opens the rows.
      i++;
      if (!this.kept.has('scalar.headers')) this.keeping = { text: (this.early = new TextBlocks()), from: i };
      this.shape = this.tryRowShape();
      this.rows = this.rowDecoder(this.shape);
    } else {
      for (; i < chunk.length; i++) {
        const byte = chunk[i] as number;
        if (!isSpace(byte)) {
          this.refuse({ why: 'unexpected text after its end', byte, index: i });
          break;
        }
      }
    }
    return i;
  }

  private pushRows(chunk: Uint8Array, from: number): number {
    const rows = this.rows as RowDecoder;
    const i = rows.push(chunk, from, chunk.length);
    if (rows.malformed !== undefined) this.refuse(rows.malformed);
    else if (rows.isDone) {
      this.inRows = false;
      this.endKeeping(i);
      this.scanner.resumeAfterValue(i);
    }
    return i;
  }

  /** Decodes the rows that came before their headers, and frees their text on the way. */
  private async decodeEarly(early: TextBlocks, shape: RowShape, count: number): Promise<RowDecoder> {
    const rows = new RowDecoder(this.kernel, shape, () => count);
    for (const block of early.take()) {
      if (!turns.hasTime) await turns.next();
      rows.push(block, 0, block.length);
      free(block);
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

  private rowShape(): NamedRowShape {
    const text = this.kept.get('scalar.headers');
    const headers = text && parseHeaders(text.toBuffer());
    const series = neededSeries(headers, this.schema.series, this.schema.optional);
    return {
      series,
      indices: columnIndices(headers, series),
      width: (headers as string[]).length,
    };
  }

  /** Undefined if the headers come later or are wrong. `end` reports wrong headers, after it is known that the body is JSON. */
  private tryRowShape(): NamedRowShape | undefined {
    try {
      return this.rowShape();
    } catch {
      return undefined;
    }
  }

  private path(depth: number): string | undefined {
    if (depth === 0) return '';
    const first = this.keys[1];
    if (depth === 1) return first;
    const second = this.keys[2];
    return second === undefined ? undefined : `${first}.${second}`;
  }

  private beginValue(depth: number, first: number, index: number): boolean {
    const path = this.path(depth);
    if (path === undefined) return false;
    this.firstBytes.set(path, first);
    if (path === 'scalar.data' && first === OPEN_ARRAY) return (this.inRows = true);
    // A string or a number in place of the body, `param` or `scalar` is kept: the error shows it.
    if (depth === 2 || (first !== OPEN_OBJECT && first !== OPEN_ARRAY)) {
      const text = new TextBlocks(path === 'scalar.headers' ? MAX_HEADERS_BYTES : MAX_PARAM_BYTES);
      this.keeping = { text, from: index };
      this.kept.set(path, text);
    }
    return false;
  }

  private endKeeping(index: number): void {
    this.keeping?.text.append(this.chunk, this.keeping.from, index);
    this.keeping = undefined;
  }

  private takeKey(depth: number, text: string | undefined): void {
    const name = text === undefined ? '' : keyName(text);
    this.keys[depth] = this.neededAt(depth).includes(name) ? name : undefined;
    if (depth === 1) this.keys[2] = undefined;
    const path = this.path(depth);
    if (path === undefined) return;
    if (this.seen.has(path)) this.duplicate ??= path;
    this.seen.add(path);
  }

  /** The needed keys of the container at a depth. */
  private neededAt(depth: number): readonly string[] {
    if (depth === 1) return NEEDED_IN_BODY;
    if (this.keys[1] === 'scalar') return NEEDED_IN_SCALAR;
    return this.keys[1] === 'param' ? this.schema.params : NO_KEYS;
  }

  private assertObject(path: string, name: string): void {
    const first = this.firstBytes.get(path);
    if (first === undefined) throw new KasemError('INVALID_BODY', `${name} is missing`);
    if (first !== OPEN_OBJECT)
      throw new KasemError('INVALID_BODY', `${name}: expected an object, got ${this.describe(path)}`);
  }

  private describe(path: string): string {
    const text = this.kept.get(path);
    if (text === undefined) return describeText(Buffer.of(this.firstBytes.get(path) as number));
    return text.isTooLong ? 'a long string' : describeText(text.toBuffer());
  }

  /** The path of the current row and cell. */
  private get place(): string | undefined {
    return this.inRows ? this.rows?.place : undefined;
  }

  private refuse(fault: JsonFault): void {
    this.malformed = notJson(faultText(fault, this.offset + fault.index), this.place);
  }
}

const parse = (text: TextBlocks): unknown => JSON.parse(text.toBuffer().toString());

/**
 * The headers up to and including the first that is not a string. They are refused whatever follows, and JSON.parse takes up to
 * ten times as long for containers as for strings.
 */
function parseHeaders(text: Buffer): unknown {
  const scanner = new JsonScanner(
    {
      begin: (depth, first) => (depth === 0 ? first === OPEN_OBJECT : first !== QUOTE),
      end: () => undefined,
      key: () => undefined,
    },
    1,
  );
  const end = scanner.scan(text, 0, text.length);
  const names = text.toString('utf8', 0, end);
  if (end === text.length) return JSON.parse(names);
  if (end === 0) return {};
  const [found] = /^(?:[[{]|[^,\]\s]+)/.exec(text.toString('utf8', end)) as RegExpExecArray;
  return JSON.parse(`${names}${EMPTY[found] ?? found}]`);
}

const EMPTY: Record<string, string> = { '[': '[]', '{': '{}' };
