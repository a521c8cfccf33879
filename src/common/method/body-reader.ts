import { type IncomingMessage } from 'node:http';
import { type Readable } from 'node:stream';
import { parse as parseContentType } from 'content-type';
import { type Request } from 'express';
import { ACCEPTED_CODINGS, CODINGS, type Coding, type Decompressor } from '../http/content-codings.js';
import { type CallRecord, type RequestContext } from '../http/request-context.js';
import { type Environment } from '../config/environment.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { createFrameDecoder } from '../frame/frame-codec.js';
import { excerpt } from '../frame/frame-rules.js';
import { freeChunk } from '../free.js';
import { type DecodedBody } from '../frame/frame-decoder.js';
import { type FrameSchema } from '../frame/frame.js';
import { TextBlocks } from '../frame/text-blocks.js';
import { turns } from '../turns.js';
import { type BodyShare } from './body-budget.js';

/** If more bytes than this wait for the decompressor, the socket is paused. */
const MAX_WAITING_BYTES = 1 << 16;

/** Even a short body counts as this many bytes, since its request takes memory too. */
const REQUEST_BYTES = 6 << 10;

/** The client went away, so there is nobody to respond to. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

type BodyLimits = Pick<Environment, 'MAX_BODY_BYTES' | 'MAX_IN_FLIGHT_BYTES' | 'REQUEST_TIMEOUT_MS'>;

/** What the reader needs besides the request. */
export interface BodyReading {
  readonly limits: BodyLimits;
  readonly share: BodyShare;
  /** Gets the bytes received; `record` gets the milliseconds of receiving and decoding. Both also if the body is refused. */
  readonly context: Pick<RequestContext, 'bytesIn'>;
  readonly record: Pick<CallRecord, 'receive' | 'decode'>;
}

/**
 * Reads the body of a request into params and a frame, chunk by chunk as it arrives. After a fault it still receives the
 * rest of the body, since some clients read the response only after they have sent everything. Past a limit it does not.
 * @throws KasemError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, OVERLOADED, REQUEST_TIMEOUT, MALFORMED_JSON and what the
 * decoder throws
 * @throws ClientGoneError
 */
export async function readBody(
  request: Request,
  schema: FrameSchema,
  { limits, share, context, record }: BodyReading,
): Promise<DecodedBody> {
  if (request.readableDidRead) throw new Error('the body was read before the method: a body parser took it');
  assertJson(request.headers['content-type']);
  const coding = codingOf(request.headers['content-encoding']);
  const { 'content-length': length } = request.headers;
  const declared = length === undefined ? undefined : Number(length);
  // A body that exceeds the budget of all bodies could never be taken.
  const longest = Math.min(limits.MAX_BODY_BYTES, limits.MAX_IN_FLIGHT_BYTES);
  const checkLength = (bytes: number): void => {
    if (bytes > longest) throw new KasemError('PAYLOAD_TOO_LARGE', `the body is longer than ${longest} bytes`);
    share.growTo(Math.max(bytes, REQUEST_BYTES) + (coding?.bytes ?? 0));
  };
  checkLength(declared ?? 0);

  const decoder = createFrameDecoder(schema, {
    expectedBytes: coding === undefined ? declared : undefined,
    limitBytes: longest,
  });
  const countReceived = (chunk: Uint8Array): void => checkLength((context.bytesIn += chunk.length));
  const decode = (chunk: Uint8Array): void => {
    const start = performance.now();
    decoder.push(chunk);
    record.decode += performance.now() - start;
  };
  const receiveChunk = (chunk: Uint8Array): void => {
    countReceived(chunk);
    decode(chunk);
    freeChunk(chunk);
  };
  const start = performance.now();
  try {
    try {
      if (coding === undefined) {
        if (!takeWhole(request, receiveChunk)) await receive(request, limits, receiveChunk);
      } else await decompress(request, coding, limits, { countReceived, checkLength, decode });
    } finally {
      record.receive = performance.now() - start - record.decode;
    }
    const end = performance.now();
    try {
      return await decoder.end();
    } finally {
      record.decode += performance.now() - end;
    }
  } catch (error) {
    decoder.release();
    throw error;
  }
}

/**
 * Takes a body that has already arrived as a whole, as short ones have: there is nothing to wait for.
 * @returns false if the body has not arrived yet
 */
function takeWhole(request: IncomingMessage, take: (chunk: Buffer) => void): boolean {
  if (!request.complete || request.destroyed) return false;
  const body = request.read() as Buffer | null;
  if (body !== null) take(body);
  return true;
}

/** Passes the chunks of the request to `take` until its end, or until `take` throws. */
function receive(
  request: IncomingMessage,
  { REQUEST_TIMEOUT_MS }: BodyLimits,
  take: (chunk: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (conclude: () => void) => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      conclude();
    };
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (fault) {
        const error = fault as KasemError;
        settle(() => reject(error));
      }
    };
    const onEnd = () => settle(resolve);
    const onClose = () => settle(() => reject(new ClientGoneError('the client went away')));
    const onTimeout = () =>
      settle(() =>
        reject(new KasemError('REQUEST_TIMEOUT', `the body did not arrive within ${REQUEST_TIMEOUT_MS} milliseconds`)),
      );
    const timer = setTimeout(onTimeout, REQUEST_TIMEOUT_MS);
    if (request.destroyed) onClose();
    else request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** Node emits `end` even while the last chunk waits for its turn, so `end` queues behind it. */
function inOrder(conclude: () => void): () => void {
  return () => {
    if (turns.hasTime) conclude();
    else void turns.next().then(conclude);
  };
}

/** Passes on each chunk when this turn of the event loop has time for it, and pauses the stream until then. */
function inTurns(stream: Readable, take: (chunk: Buffer) => void): (chunk: Buffer) => void {
  return (chunk) => {
    if (turns.hasTime) return take(chunk);
    stream.pause();
    void turns.next().then(() => {
      take(chunk);
      stream.resume();
    });
  };
}

/** Writes one chunk at a time to a decompressor. Chunks that arrive meanwhile are joined into one. */
class Feed {
  private waiting: TextBlocks | undefined;

  constructor(
    private readonly request: IncomingMessage,
    readonly decompressor: Decompressor,
  ) {}

  push(chunk: Buffer): void {
    if (this.waiting === undefined) this.write(chunk);
    else {
      this.waiting.append(chunk, 0, chunk.length);
      freeChunk(chunk);
      if (this.waiting.bytes > MAX_WAITING_BYTES) this.request.socket.pause();
    }
  }

  end(): void {
    this.decompressor.end(this.waiting?.toBuffer());
    this.waiting?.clear();
  }

  private write(chunk: Buffer): void {
    const waiting = (this.waiting = new TextBlocks());
    this.decompressor.write(chunk, () => {
      this.waiting = undefined;
      if (waiting.bytes > 0 && !this.decompressor.writableEnded) this.write(waiting.toBuffer());
      if (!this.request.complete) this.request.socket.resume();
    });
  }
}

interface DecompressedTaking {
  /** Counts bytes as sent. */
  readonly countReceived: (chunk: Uint8Array) => void;
  /** Checks the length after decompression. */
  readonly checkLength: (decompressed: number) => void;
  readonly decode: (chunk: Uint8Array) => void;
}

/** Decodes the decompressed chunks of the request until its end. */
async function decompress(
  request: IncomingMessage,
  coding: Coding,
  limits: BodyLimits,
  { countReceived, checkLength, decode }: DecompressedTaking,
): Promise<void> {
  let feed: Feed | undefined;
  /** The first fault, thrown when the whole body has been received. */
  let fault: KasemError | undefined;
  let refuse: (error: KasemError) => void = () => undefined;
  /** Rejects at a fault after which the rest of the body is not received. */
  const refused = new Promise<never>((_, reject) => (refuse = reject));
  let received = 0;
  let decompressed = 0;
  /** The number of zero bytes at the end of the bytes received so far. */
  let zeros = 0;
  /** Whether the compressed data has ended; bytes may follow it. */
  let hasEnded = false;
  /** Whether this function has settled. Chunks that still wait for their turn are dropped. */
  let isOver = false;
  let finish: () => void = () => undefined;
  /** Resolves when the decompressor has no more output, after its end or a fault. */
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const open = (first: number | undefined): Feed => {
    const decompressor = coding.create(first);
    const fail = (error: KasemError) => {
      fault ??= error;
      decompressor.destroy();
      // After broken data the rest of the body is received; that of a zip bomb is not.
      if (error.errorCode !== ERROR_CODES.MALFORMED_JSON) refuse(error);
      request.socket.resume();
      finish();
    };
    decompressor
      .on(
        'data',
        inTurns(decompressor, (chunk) => {
          if (fault !== undefined || isOver) return;
          try {
            checkLength((decompressed += chunk.length));
            decode(chunk);
          } catch (error) {
            fail(error as KasemError);
          }
        }),
      )
      .on('error', (cause: NodeJS.ErrnoException) => fail(broken(coding.name, cause.code ?? cause.message)))
      .on('end', () => {
        // The decompressor takes no more chunks, so nothing else would resume the socket.
        hasEnded = true;
        request.socket.resume();
        inOrder(finish)();
      });
    return new Feed(request, decompressor);
  };
  try {
    const whole = receive(request, limits, (chunk) => {
      countReceived(chunk);
      received += chunk.length;
      const own = trailingZeros(chunk);
      zeros = own === chunk.length ? zeros + own : own;
      feed ??= open(chunk[0]);
      if (fault === undefined && !hasEnded) feed.push(chunk);
    });
    await Promise.race([whole, refused]);
    feed ??= open(undefined);
    feed.end();
    await finished;
    if (fault !== undefined) throw fault;
    const left = received - feed.decompressor.bytesWritten;
    if (left > (coding.mayBePadded ? zeros : 0)) throw broken(coding.name, 'bytes after its end');
  } finally {
    isOver = true;
    feed?.decompressor.destroy();
  }
}

function trailingZeros(chunk: Uint8Array): number {
  let zeros = 0;
  while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
  return zeros;
}

const broken = (coding: string, why: string): KasemError =>
  new KasemError('MALFORMED_JSON', `the body is not valid ${coding}: ${why}`);

/** A body without a media type counts as JSON. A charset parameter has no effect (RFC 8259, section 11). */
function assertJson(contentType = ''): void {
  if (contentType === '' || contentType === 'application/json') return;
  if (JSON_TYPE.test(parseContentType(contentType).type)) return;
  throw new KasemError(
    'UNSUPPORTED_MEDIA_TYPE',
    `Content-Type: expected application/json, text/json or application/*+json, got ${excerpt(contentType, 60)}`,
  );
}

const JSON_TYPE = /^(application|text)\/json$|^application\/[^/\s]+\+json$/;

/**
 * @returns the coding, or undefined for a body without one
 * @throws KasemError UNSUPPORTED_MEDIA_TYPE
 */
function codingOf(header: string | undefined): Coding | undefined {
  const name = (header ?? '').trim().toLowerCase();
  if (name === 'identity' || name === '') return undefined;
  const coding = CODINGS.find((one) => one.name === name);
  if (coding === undefined)
    throw new KasemError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Encoding: expected ${ACCEPTED_CODINGS}, got ${excerpt(name, 60)}`,
    );
  return coding;
}
