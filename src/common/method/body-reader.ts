import { type IncomingMessage } from 'node:http';
import { type Readable } from 'node:stream';
import { type Request } from 'express';
import { ACCEPTED_CODINGS, CODINGS, type Coding, type Decompressor } from '../http/content-codings.js';
import { type CallRecord, type RequestContext } from '../http/request-context.js';
import { type Environment } from '../config/environment.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { createFrameDecoder } from '../frame/frame-codec.js';
import { excerpt } from '../frame/frame-rules.js';
import { freeChunk } from '../frame/free.js';
import { type DecodedBody, type FrameSchema } from '../frame/frame-decoder.js';
import { TextBlocks } from '../frame/text-blocks.js';
import { turns } from '../frame/turns.js';
import { type BodyShare } from './body-budget.js';

/** A decompressor that is busy has so much to go on with before its client has to wait. */
const MAX_WAITING_BYTES = 1 << 16;

/** A request takes memory of its own, however short its body: it counts as at least so many bytes. */
const REQUEST_BYTES = 6 << 10;

/** The body of a client that went away; nobody is left to be answered. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

type BodyLimits = Pick<Environment, 'MAX_BODY_BYTES' | 'MAX_IN_FLIGHT_BYTES' | 'REQUEST_TIMEOUT_MS'>;

/** Given to the reader beside the request. */
export interface BodyReading {
  readonly limits: BodyLimits;
  readonly share: BodyShare;
  /** Told the bytes received and the milliseconds of receiving and decoding, also of a body that is refused. */
  readonly context: Pick<RequestContext, 'bytesIn'>;
  readonly record: Pick<CallRecord, 'receive' | 'decode'>;
}

/**
 * Reads the body of a request into params and a frame, chunk by chunk as it arrives. After a fault the rest of the body
 * is drained, so that a client which reads the response only when it has sent everything gets it; past a limit nothing
 * is waited for.
 * @throws KasemError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, OVERLOADED, REQUEST_TIMEOUT, MALFORMED_JSON and what the
 * decoder throws
 * @throws ClientGoneError
 */
export async function readBody(
  request: Request,
  schema: FrameSchema,
  { limits, share, context, record }: BodyReading,
): Promise<DecodedBody> {
  assertJson(request.headers['content-type']);
  const coding = codingOf(request.headers['content-encoding']);
  const { 'content-length': length, expect } = request.headers;
  const declared = length === undefined ? undefined : Number(length);
  // What alone is over the budget of all bodies would never be taken.
  const longest = Math.min(limits.MAX_BODY_BYTES, limits.MAX_IN_FLIGHT_BYTES);
  const account = (bytes: number): void => {
    if (bytes > longest)
      throw new KasemError('PAYLOAD_TOO_LARGE', `the body is longer than ${longest} bytes`);
    share.growTo(Math.max(bytes, REQUEST_BYTES) + (coding?.bytes ?? 0));
  };
  account(declared ?? 0);
  // A client that asks before it sends has been refused by now, or may send. HTTP/1.0 knows no such response.
  if (expect?.toLowerCase() === '100-continue' && request.httpVersion !== '1.0') request.res?.writeContinue();

  const decoder = createFrameDecoder(schema, {
    expectedBytes: coding === undefined ? declared : undefined,
    limitBytes: longest,
  });
  const count = (chunk: Uint8Array): void => account((context.bytesIn += chunk.length));
  const take = (chunk: Uint8Array): void => {
    const start = performance.now();
    decoder.push(chunk);
    record.decode += performance.now() - start;
  };
  const takeAsSent = (chunk: Uint8Array): void => {
    count(chunk);
    take(chunk);
    freeChunk(chunk);
  };
  const start = performance.now();
  try {
    try {
      if (coding === undefined) {
        if (!takeWhole(request, takeAsSent)) await receive(request, limits, takeAsSent);
      } else await decompress(request, coding, limits, { count, account, take });
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
 * Hands over a body that has come whole before it is read, as a short one does: there is nothing to wait for.
 * @returns whether it has
 */
function takeWhole(request: IncomingMessage, take: (chunk: Buffer) => void): boolean {
  if (!request.complete || request.destroyed || !turns.hasTime) return false;
  const body = request.read() as Buffer | null;
  if (body !== null) take(body);
  return true;
}

/** Hands over the chunks of the request until its end, or until `take` throws. */
function receive(
  request: IncomingMessage,
  { REQUEST_TIMEOUT_MS }: BodyLimits,
  take: (chunk: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (conclude: () => void) => {
      isSettled = true;
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      conclude();
    };
    let isSettled = false;
    const onData = togetherInTurns(request, (chunk) => {
      if (isSettled) return;
      try {
        take(chunk);
      } catch (fault) {
        const error = fault as KasemError;
        settle(() => reject(error));
      }
    });
    const conclude = inOrder(() => settle(resolve));
    const onEnd = () => {
      request.off('close', onClose);
      conclude();
    };
    const onClose = () => settle(() => reject(new ClientGoneError('the client went away')));
    const onTimeout = () =>
      settle(() =>
        reject(
          new KasemError(
            'REQUEST_TIMEOUT',
            `the body did not arrive within ${REQUEST_TIMEOUT_MS} milliseconds`,
          ),
        ),
      );
    const timer = setTimeout(onTimeout, REQUEST_TIMEOUT_MS);
    if (request.destroyed) onClose();
    else request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** A stream that is paused within its last chunk still ends at once: its end waits behind the chunk. */
function inOrder(conclude: () => void): () => void {
  return () => {
    if (turns.hasTime) conclude();
    else void turns.next().then(conclude);
  };
}

/** Hands over each chunk when this turn of the loop has time for it; until then the stream waits. */
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

/**
 * The same for what a client sends. It may send thousands of chunks of one byte in one write, and Node makes an object of each:
 * while they wait they are copied together.
 */
function togetherInTurns(request: IncomingMessage, take: (chunk: Buffer) => void): (chunk: Buffer) => void {
  let waiting: TextBlocks | undefined;
  return (chunk) => {
    if (waiting === undefined && turns.hasTime) return take(chunk);
    const isFirst = waiting === undefined;
    const together = (waiting ??= new TextBlocks());
    together.append(chunk, 0, chunk.length);
    freeChunk(chunk);
    if (!isFirst) return;
    request.socket.pause();
    void turns.next().then(() => {
      waiting = undefined;
      for (const block of together.take()) take(block);
      if (!request.complete) request.socket.resume();
    });
  };
}

/** Gives a decompressor one chunk at a time; what comes meanwhile is copied together as well. */
class Feed {
  private waiting: TextBlocks | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly decompressor: Decompressor,
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
  readonly count: (chunk: Uint8Array) => void;
  /** Judges the length after decompression. */
  readonly account: (decompressed: number) => void;
  readonly take: (chunk: Uint8Array) => void;
}

/** Hands over the decompressed chunks of the request until its end. */
async function decompress(
  request: IncomingMessage,
  coding: Coding,
  limits: BodyLimits,
  { count, account, take }: DecompressedTaking,
): Promise<void> {
  const decompressor = coding.create();
  const feed = new Feed(request, decompressor);
  let fault: KasemError | undefined;
  let refuse: (error: KasemError) => void = () => undefined;
  const refused = new Promise<never>((_, reject) => (refuse = reject));
  let received = 0;
  let decompressed = 0;
  let isOver = false;
  const finished = new Promise<void>((resolve) => {
    const fail = (error: KasemError) => {
      fault ??= error;
      decompressor.destroy();
      // A bomb is not waited for; after broken data the rest is drained.
      if (error.errorCode !== ERROR_CODES.MALFORMED_JSON) refuse(error);
      request.socket.resume();
      resolve();
    };
    decompressor
      .on(
        'data',
        inTurns(decompressor, (chunk) => {
          if (fault !== undefined || isOver) return;
          try {
            account((decompressed += chunk.length));
            take(chunk);
          } catch (error) {
            fail(error as KasemError);
          }
        }),
      )
      .on('error', (cause: NodeJS.ErrnoException) => fail(broken(coding.name, cause.code ?? cause.message)))
      .on('end', inOrder(resolve));
  });
  try {
    const whole = receive(request, limits, (chunk) => {
      count(chunk);
      received += chunk.length;
      if (fault === undefined) feed.push(chunk);
    });
    await Promise.race([whole, refused]);
    feed.end();
    await finished;
    if (fault !== undefined) throw fault;
    if (decompressor.bytesWritten < received) throw broken(coding.name, 'bytes after its end');
  } finally {
    isOver = true;
    decompressor.destroy();
  }
}

const broken = (coding: string, why: string): KasemError =>
  new KasemError('MALFORMED_JSON', `the body is not valid ${coding}: ${why}`);

function assertJson(contentType: string | undefined): void {
  const [type, ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type !== 'application/json')
    throw new KasemError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Type: expected application/json, got ${excerpt(contentType ?? 'none', 60)}`,
    );
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset))
    throw new KasemError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Type: expected charset=utf-8, got ${excerpt(charset, 60)}`,
    );
}

/**
 * @returns the coding, or undefined for a body that is as it is
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
