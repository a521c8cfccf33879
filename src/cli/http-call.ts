import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { CODINGS } from '../common/http/content-codings.js';
import { shown } from './terminal.js';

/** A request to send. */
export interface HttpCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  /** Pieces are sent chunked, unless the headers have a Content-Length. */
  readonly body: Uint8Array | readonly Uint8Array[] | Readable;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Milliseconds since the call began. */
  readonly timings: { readonly firstByte: number; readonly end: number };
}

/** There was no complete response. The message tells a person why. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';

  constructor(
    message: string,
    /** Whether not even a connection could be opened. */
    readonly isUnreachable = false,
  ) {
    super(message);
  }
}

export interface HttpCallOptions {
  /** How many milliseconds the connection may be idle. */
  readonly idleMs: number;
  /** Milliseconds for the whole call. */
  readonly timeoutMs?: number;
  /** Gets the pieces of the response's body. It may throw to hang up. */
  readonly take: (piece: Buffer) => void;
  /** Called with the number of bytes of the body that were sent so far. */
  readonly sent?: (bytes: number) => void;
}

/**
 * Sends one request over a connection of its own. A response may come before all of the body has been sent: it counts, even
 * if the endpoint then hangs up.
 * @throws NoResponseError
 */
export function callHttp(
  { url, method, headers, body }: HttpCall,
  { idleMs, timeoutMs, take, sent }: HttpCallOptions,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const since = () => performance.now() - start;
    let answering = false;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, { method, headers, agent: false, timeout: idleMs });
    const overall = timeoutMs && setTimeout(() => fail(`no end of the response within ${timeoutMs} ms`), timeoutMs);
    const fail = (message: string, isUnreachable = false) => {
      clearTimeout(overall);
      reject(new NoResponseError(message, isUnreachable));
      outgoing.destroy();
    };
    outgoing
      .on('timeout', () => fail(`nothing came for ${idleMs} ms`))
      .on('error', (error: NodeJS.ErrnoException) => {
        if (!answering) fail(describe(error), UNREACHABLE.has(error.code ?? ''));
      })
      .on('response', (incoming) => {
        answering = true;
        const firstByte = since();
        decompressed(incoming)
          .on('data', (piece: Buffer) => {
            try {
              take(piece);
            } catch (error) {
              fail((error as Error).message);
            }
          })
          .on('error', ({ code }: NodeJS.ErrnoException) =>
            fail(
              code === 'ECONNRESET' ? 'the connection was cut within the response' : `the response is broken: ${code}`,
            ),
          )
          .on('end', () => {
            clearTimeout(overall);
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              timings: { firstByte, end: since() },
            });
            outgoing.destroy();
          });
      });
    if (ArrayBuffer.isView(body)) outgoing.end(body);
    else {
      outgoing.setNoDelay(true);
      // If it fails, outgoing emits an error, or there already is a response.
      pipeline(paced(body, sent), outgoing).catch(() => undefined);
    }
  });
}

/** Without Accept-Encoding in the request, a response may still be compressed (RFC 9110, section 12.5.3). */
function decompressed(incoming: IncomingMessage): Readable {
  const encoding = incoming.headers['content-encoding'];
  const decompressor = CODINGS.find(({ name }) => name === encoding)?.create();
  if (decompressor === undefined) return incoming;
  incoming.on('error', (error) => decompressor.destroy(error));
  return incoming.pipe(decompressor);
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The first bytes of a TLS record that is an alert or part of a handshake. */
const TLS_RECORDS = new Set([0x1503, 0x1603]);

function describe({ code, message, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): string {
  if (code === 'ECONNREFUSED') return 'the connection is refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the connection was cut before a response';
  if (message.includes('wrong version number'))
    return 'the response is not TLS: the URL may have to begin with http://';
  if (code?.startsWith('HPE_') && rawPacket !== undefined)
    return rawPacket.length > 1 && TLS_RECORDS.has(rawPacket.readUInt16BE())
      ? 'the response is TLS: the URL has to begin with https://'
      : `the response is not HTTP: ${shown(rawPacket.toString('latin1'), 60)}`;
  return message;
}

/** Sends each piece in a write of its own. */
async function* paced(pieces: Iterable<Uint8Array> | Readable, sent: HttpCallOptions['sent']) {
  let total = 0;
  for await (const piece of pieces as AsyncIterable<Uint8Array>) {
    // An endpoint may refuse the body and cut the connection at once. A write to a cut connection loses a response that has not
    // been read yet. So before each piece there is time for a response to arrive, and a turn of the event loop to read it. A
    // write may still come between the two, but rarely.
    await sleep(1);
    await setImmediate();
    yield piece;
    sent?.((total += piece.length));
  }
}
