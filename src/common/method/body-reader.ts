import { type IncomingMessage } from 'node:http';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
} from 'node:zlib';
import { ERROR_CODES } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { createFrameDecoder } from '../frame/frame-codec.js';
import { type DecodedBody, type FrameSchema } from '../frame/frame-decoder.js';

/** How much of a body is read; given by the configuration. */
export abstract class BodyLimits {
  /** The longest body in bytes, as sent and as decompressed. */
  abstract readonly maxBodyBytes: number;
}

type Inflater = Gunzip | Inflate | BrotliDecompress;

/** A client sends so many bytes before other requests get a turn. */
const BYTES_A_TURN = 1 << 18;

/** The content codings of RFC 9110, section 8.4.1, and br of RFC 7932. */
const INFLATERS: ReadonlyMap<string, () => Inflater> = new Map<string, () => Inflater>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** The body of a client that went away; nobody is left to be answered. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/**
 * Reads the body of a request into params and a frame, chunk by chunk as it arrives. After a fault the rest of the body
 * is drained, so that a client which reads the answer only when it has sent everything gets it; past the limit nothing
 * is waited for.
 * @throws KasemError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON and what the decoder throws
 * @throws ClientGoneError
 */
export async function readBody(
  request: IncomingMessage,
  schema: FrameSchema,
  limits: BodyLimits,
): Promise<DecodedBody> {
  assertJson(request.headers['content-type']);
  const coding = contentCoding(request.headers['content-encoding']);
  const declared =
    request.headers['content-length'] === undefined ? undefined : Number(request.headers['content-length']);
  if (declared !== undefined && declared > limits.maxBodyBytes) throw tooLarge(limits);

  const decoder = createFrameDecoder(schema, {
    expectedBytes: coding === undefined ? declared : undefined,
    limitBytes: limits.maxBodyBytes,
  });
  const take = (chunk: Uint8Array): undefined => void decoder.push(chunk);
  await (coding === undefined
    ? receive(request, limits, inTurns(request, take))
    : inflate(request, coding, limits, take));
  return decoder.end();
}

/** Hands over the chunks of the request until its end, or until `take` returns a fault. */
function receive(
  request: IncomingMessage,
  limits: BodyLimits,
  take: (chunk: Buffer) => KasemError | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const settle = (conclude: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      conclude();
    };
    const onData = (chunk: Buffer) => {
      received += chunk.length;
      const fault = received > limits.maxBodyBytes ? tooLarge(limits) : take(chunk);
      if (fault !== undefined) settle(() => reject(fault));
    };
    const onEnd = () => settle(resolve);
    const onClose = () => settle(() => reject(new ClientGoneError('the client went away')));
    if (request.destroyed) onClose();
    else request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** Node hands over all that a fast client has sent, some megabytes, before anybody else's turn comes; this gives way. */
function inTurns(request: IncomingMessage, take: (chunk: Buffer) => undefined): (chunk: Buffer) => undefined {
  let turn = 0;
  return (chunk) => {
    turn += chunk.length;
    if (turn > BYTES_A_TURN) {
      turn = 0;
      request.pause();
      setImmediate(() => request.resume());
    }
    return take(chunk);
  };
}

/** Hands over the decompressed chunks of the request until its end. */
async function inflate(
  request: IncomingMessage,
  coding: string,
  limits: BodyLimits,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const inflater = createInflater(coding);
  let fault: KasemError | undefined;
  let received = 0;
  let inflated = 0;
  const finished = new Promise<void>((resolve) => {
    const fail = (error: KasemError) => {
      fault ??= error;
      inflater.destroy();
      request.resume();
      resolve();
    };
    inflater
      .on('data', (chunk: Buffer) => {
        inflated += chunk.length;
        if (inflated > limits.maxBodyBytes) fail(tooLarge(limits));
        else if (fault === undefined) take(chunk);
      })
      .on('drain', () => request.resume())
      .on('error', (cause: NodeJS.ErrnoException) => fail(broken(coding, cause.code ?? cause.message)))
      .on('end', resolve);
  });
  try {
    await receive(request, limits, (chunk) => {
      received += chunk.length;
      // A bomb is not waited for; after broken data the rest is drained.
      if (fault?.errorCode === ERROR_CODES.PAYLOAD_TOO_LARGE) return fault;
      if (fault === undefined && !inflater.write(chunk)) request.pause();
      return undefined;
    });
    inflater.end();
    await finished;
    if (fault !== undefined) throw fault;
    if (inflater.bytesWritten < received) throw broken(coding, 'bytes after its end');
  } finally {
    inflater.destroy();
  }
}

function createInflater(coding: string): Inflater {
  const create = INFLATERS.get(coding);
  if (create === undefined)
    throw new KasemError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the Content-Encoding must be gzip, deflate or br and is ${coding}`,
    );
  return create();
}

const broken = (coding: string, why: string): KasemError =>
  new KasemError('MALFORMED_JSON', `the body is broken ${coding} data: ${why}`);

const tooLarge = (limits: BodyLimits): KasemError =>
  new KasemError('PAYLOAD_TOO_LARGE', `the body is longer than ${limits.maxBodyBytes} bytes`);

function assertJson(contentType: string | undefined): void {
  const [type, ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type !== 'application/json')
    throw new KasemError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the Content-Type must be application/json and is ${contentType ?? 'missing'}`,
    );
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset))
    throw new KasemError('UNSUPPORTED_MEDIA_TYPE', `the charset of JSON must be utf-8 and is ${charset}`);
}

/** @returns the coding, or undefined for a body that is as it is */
function contentCoding(header: string | undefined): string | undefined {
  const coding = (header ?? '').trim().toLowerCase();
  return coding === 'identity' || coding === '' ? undefined : coding;
}
