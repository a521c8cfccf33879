import { MAX_DEPTH } from './frame-rules.js';

/** Receives what a scanner finds, down to `watchDepth`. */
export interface ScanHandler {
  /** A value inside `depth` open containers begins at the index with the byte `first`. @returns true to stop before it */
  begin(depth: number, first: number, index: number): boolean;
  /** The value that began at this depth ended before the index. */
  end(depth: number, index: number): void;
  /** A key inside `depth` open containers, as JSON text with quotes; undefined if it is longer than MAX_KEY_BYTES. */
  key(depth: number, text: string | undefined): void;
}

/** Longer keys are not kept: no method needs one. */
const MAX_KEY_BYTES = 4096;

/** Why a text is not JSON, and where. */
export interface JsonFault {
  readonly why: string;
  /** The faulty byte; undefined if the fault is not a single byte. */
  readonly byte?: number;
  /** The index in the current chunk; negative if the faulty character began in an earlier one. */
  readonly index: number;
}

/** @param at the byte's index in the whole text. UTF-16 has a byte order mark or a zero among its first two bytes. */
export function faultText({ why, byte }: JsonFault, at: number): string {
  const isUtf16 = at === 0 ? byte === 0 || byte === 0xfe || byte === 0xff : at === 1 && byte === 0;
  return `${isUtf16 ? `UTF-16, not UTF-8: ${byteName(byte as number)}` : why} at byte ${at}`;
}

/** The fault of a byte that is not allowed at its place, or nowhere in UTF-8. */
export const unexpected = (byte: number, index: number): JsonFault =>
  byte >= 0x80 && !isLeading(byte) ? notUtf8(byte, index) : { why: `unexpected ${shown(byte)}`, byte, index };

const notUtf8 = (byte: number, index: number): JsonFault => ({
  why: `not UTF-8: ${byteName(byte)}`,
  byte,
  index,
});

/** Whether the byte can be the first of a multi-byte sequence of UTF-8. */
const isLeading = (byte: number): boolean => byte >= 0xc2 && byte <= 0xf4;

const shown = (byte: number): string =>
  byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : byteName(byte);

const byteName = (byte: number): string => `byte 0x${byte.toString(16).padStart(2, '0')}`;

const UTF8 = new TextDecoder();

/** The byte order mark, which may precede a text (RFC 8259, section 8.1). */
const MARK = [0xef, 0xbb, 0xbf];

/** The name of a key, given its JSON text. */
export const keyName = (text: string): string =>
  text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);

/** Bytes of JSON's structure. */
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** The position of the next byte in the grammar of RFC 8259. */
const enum State {
  Beginning,
  Mark,
  Value,
  FirstElement,
  FirstKey,
  Key,
  Colon,
  AfterValue,
  Text,
  Escape,
  Hex,
  Utf8,
  Literal,
  Minus,
  Zero,
  Integer,
  Point,
  Fraction,
  Exponent,
  ExponentSign,
  ExponentDigits,
  Done,
}

const LITERALS: ReadonlyMap<number, string> = new Map(
  ['true', 'false', 'null', 'NaN'].map((word) => [word.charCodeAt(0), word]),
);
const NAN = 'N'.charCodeAt(0);

/** The states in which a number may end. */
const ENDABLE: ReadonlySet<State> = new Set([State.Zero, State.Integer, State.Fraction, State.ExponentDigits]);

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;
/** Whether a byte is white space of JSON. */
export const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
const isEscapable = (byte: number): boolean => '"\\/bfnrt'.includes(String.fromCharCode(byte));

/**
 * Checks the bytes of one JSON value, cut anywhere, against RFC 8259 and the well-formed sequences of UTF-8 (Unicode,
 * table 3-7), without keeping them. It is a pushdown automaton with one boolean per level on its stack.
 */
export class JsonScanner {
  /** Why the text is not JSON; undefined if no fault has been found yet. */
  fault: JsonFault | undefined;
  private state: State;
  private depth: number;
  /** Whether each open container is an object. */
  private readonly isObject: boolean[] = [];
  private inKey = false;
  private isKeyKept = false;
  /** The bytes of the current key, if it is kept. */
  private keyBytes = new Uint8Array(64);
  private keyLength = 0;
  private literal = '';
  private literalAt = 0;
  private hexLeft = 0;
  /** The first byte of the current UTF-8 sequence, how many of its bytes have been taken, and how many are left. */
  private utf8First = 0;
  private utf8Taken = 0;
  private utf8Left = 0;
  private utf8Low = 0x80;
  private utf8High = 0xbf;

  /**
   * @param baseDepth the number of containers around the value. If there is none, a byte order mark may precede it.
   * @param nanDepth the depth at which an element of an array may be a bare NaN; by default none
   */
  constructor(
    private readonly handler: ScanHandler,
    private readonly watchDepth: number,
    private readonly baseDepth = 0,
    public nanDepth = -1,
  ) {
    this.depth = baseDepth;
    this.state = baseDepth === 0 ? State.Beginning : State.Value;
  }

  /** Whether the value has ended. */
  get isDone(): boolean {
    return this.state === State.Done;
  }

  /** Whether the value has not begun yet. */
  get isFresh(): boolean {
    return this.state === State.Value && this.depth === this.baseDepth;
  }

  /** Prepares the scanner for another value in the same containers. */
  reset(): void {
    this.state = State.Value;
    this.depth = this.baseDepth;
  }

  /** Continues after the handler has stopped the scanner before a value and others have read that up to the index. */
  resumeAfterValue(index: number): void {
    this.endValue(index);
  }

  /** Ends the text. A number at its end is complete. */
  finish(index: number): void {
    if (ENDABLE.has(this.state)) this.endValue(index);
  }

  /**
   * Scans bytes[from, to).
   * @returns the index up to which bytes were taken: `to`, the end of the value, the fault, or the value before which the
   * handler stopped the scanner
   */
  scan(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    while (i < to) {
      const byte = bytes[i] as number;
      switch (this.state) {
        case State.Done:
          return i;
        case State.Beginning:
          this.state = byte === MARK[0] ? State.Mark : State.Value;
          this.utf8Taken = 0;
          break;
        case State.Mark:
          if (byte !== MARK[this.utf8Taken]) return this.refuse(unexpected(0xef, i - this.utf8Taken), i);
          i++;
          if (++this.utf8Taken === MARK.length) this.state = State.Value;
          break;
        case State.Text:
          i = this.scanText(bytes, i, to);
          if (this.fault !== undefined) return i;
          break;
        case State.Escape:
          this.keep(byte);
          if (byte === 0x75) {
            this.state = State.Hex;
            this.hexLeft = 4;
          } else if (isEscapable(byte)) this.state = State.Text;
          else return this.refuse(unexpected(byte, i), i);
          i++;
          break;
        case State.Hex:
          this.keep(byte);
          if (!isHex(byte)) return this.refuse(unexpected(byte, i), i);
          if (--this.hexLeft === 0) this.state = State.Text;
          i++;
          break;
        case State.Utf8:
          this.keep(byte);
          if (byte < this.utf8Low || byte > this.utf8High)
            return this.refuse(notUtf8(this.utf8First, i - this.utf8Taken), i);
          this.utf8Taken++;
          this.utf8Low = 0x80;
          this.utf8High = 0xbf;
          if (--this.utf8Left === 0) this.state = State.Text;
          i++;
          break;
        case State.Literal:
          if (byte !== this.literal.charCodeAt(this.literalAt)) return this.refuse(unexpected(byte, i), i);
          i++;
          if (++this.literalAt === this.literal.length) this.endValue(i);
          break;
        case State.Minus:
        case State.Zero:
        case State.Integer:
        case State.Point:
        case State.Fraction:
        case State.Exponent:
        case State.ExponentSign:
        case State.ExponentDigits: {
          const next = nextInNumber(this.state, byte);
          if (next !== undefined) {
            this.state = next;
            i++;
          } else if (ENDABLE.has(this.state)) this.endValue(i);
          else return this.refuse(unexpected(byte, i), i);
          break;
        }
        default:
          if (isSpace(byte)) i++;
          else if (this.structure(byte, i)) i++;
          else return i;
      }
    }
    return i;
  }

  /** Takes a byte that is not inside a string, a number or a literal. @returns whether it was taken */
  private structure(byte: number, i: number): boolean {
    switch (this.state) {
      case State.FirstElement:
        if (byte === CLOSE_ARRAY) return this.close(i);
        return this.beginValue(byte, i);
      case State.Value:
        return this.beginValue(byte, i);
      case State.FirstKey:
        if (byte === CLOSE_OBJECT) return this.close(i);
        return this.beginKey(byte, i);
      case State.Key:
        return this.beginKey(byte, i);
      case State.Colon:
        if (byte !== COLON) break;
        this.state = State.Value;
        return true;
      case State.AfterValue: {
        const inObject = this.isObject[this.depth - 1] as boolean;
        if (byte === (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.close(i);
        if (byte !== COMMA) break;
        this.state = inObject ? State.Key : State.Value;
        return true;
      }
      default:
    }
    return this.refuseStructure(byte, i);
  }

  private beginKey(byte: number, i: number): boolean {
    if (byte !== QUOTE) return this.refuseStructure(byte, i);
    this.inKey = true;
    this.keyLength = 0;
    this.isKeyKept = this.depth <= this.watchDepth;
    this.keep(QUOTE);
    this.state = State.Text;
    return true;
  }

  private beginValue(byte: number, i: number): boolean {
    if (this.depth <= this.watchDepth && this.handler.begin(this.depth, byte, i)) return false;
    if (byte === QUOTE) this.state = State.Text;
    else if (byte === MINUS) this.state = State.Minus;
    else if (byte === ZERO) this.state = State.Zero;
    else if (isDigit(byte)) this.state = State.Integer;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (this.depth === MAX_DEPTH) {
        this.fault = { why: `nested deeper than ${MAX_DEPTH} levels`, index: i };
        return false;
      }
      this.isObject[this.depth++] = byte === OPEN_OBJECT;
      this.state = byte === OPEN_OBJECT ? State.FirstKey : State.FirstElement;
    } else {
      const literal = byte === NAN && !this.mayBeNaN ? undefined : LITERALS.get(byte);
      if (literal === undefined) return this.refuseStructure(byte, i);
      this.state = State.Literal;
      this.literal = literal;
      this.literalAt = 1;
    }
    return true;
  }

  private get mayBeNaN(): boolean {
    return this.depth === this.nanDepth && this.isObject[this.depth - 1] !== true;
  }

  private close(i: number): true {
    this.depth--;
    this.endValue(i + 1);
    return true;
  }

  private endValue(index: number): void {
    this.state = this.depth === this.baseDepth ? State.Done : State.AfterValue;
    if (this.depth <= this.watchDepth) this.handler.end(this.depth, index);
  }

  /** Scans a string up to its end, an escape, or a character outside ASCII. */
  private scanText(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    for (; i < to; i++) {
      const byte = bytes[i] as number;
      if (byte < 0x20) return this.refuse(unexpected(byte, i), i);
      this.keep(byte);
      if (byte === QUOTE) {
        this.endText(i + 1);
        return i + 1;
      }
      if (byte === BACKSLASH) {
        this.state = State.Escape;
        return i + 1;
      }
      if (byte >= 0x80) {
        if (!isLeading(byte)) return this.refuse(unexpected(byte, i), i);
        this.beginSequence(byte);
        return i + 1;
      }
    }
    return i;
  }

  private endText(index: number): void {
    if (!this.inKey) {
      this.endValue(index);
      return;
    }
    this.inKey = false;
    this.state = State.Colon;
    if (this.depth > this.watchDepth) return;
    this.handler.key(this.depth, this.isKeyKept ? this.keyText() : undefined);
    this.isKeyKept = false;
  }

  private keep(byte: number): void {
    if (!this.isKeyKept) return;
    if (this.keyLength === MAX_KEY_BYTES) {
      this.isKeyKept = false;
      return;
    }
    if (this.keyLength === this.keyBytes.length) {
      const larger = new Uint8Array(this.keyLength * 2);
      larger.set(this.keyBytes);
      this.keyBytes = larger;
    }
    this.keyBytes[this.keyLength++] = byte;
  }

  private keyText(): string {
    // Most keys are short and ASCII. For these, TextDecoder would take longer than all the rest.
    let text = '';
    for (let i = 0; i < this.keyLength; i++) {
      const byte = this.keyBytes[i] as number;
      if (byte >= 0x80 || i === 64) return UTF8.decode(this.keyBytes.subarray(0, this.keyLength));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** The first byte of a UTF-8 sequence determines how many follow, and the bounds of the second. */
  private beginSequence(byte: number): void {
    this.state = State.Utf8;
    this.utf8First = byte;
    this.utf8Taken = 1;
    this.utf8Left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.utf8Low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.utf8High = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
  }

  private refuseStructure(byte: number, i: number): false {
    this.refuse(unexpected(byte, i), i);
    return false;
  }

  private refuse(fault: JsonFault, i: number): number {
    this.fault = fault;
    return i;
  }
}

/** @returns undefined if the byte does not continue the number */
function nextInNumber(state: State, byte: number): State | undefined {
  const digit = isDigit(byte);
  switch (state) {
    case State.Minus:
      return byte === ZERO ? State.Zero : digit ? State.Integer : undefined;
    case State.Zero:
      return byte === DOT ? State.Point : isExponent(byte) ? State.Exponent : undefined;
    case State.Integer:
      return digit ? State.Integer : byte === DOT ? State.Point : isExponent(byte) ? State.Exponent : undefined;
    case State.Point:
      return digit ? State.Fraction : undefined;
    case State.Fraction:
      return digit ? State.Fraction : isExponent(byte) ? State.Exponent : undefined;
    case State.Exponent:
      return digit ? State.ExponentDigits : byte === 0x2b || byte === MINUS ? State.ExponentSign : undefined;
    default:
      return digit ? State.ExponentDigits : undefined;
  }
}

const isExponent = (byte: number): boolean => (byte | 0x20) === 0x65;
