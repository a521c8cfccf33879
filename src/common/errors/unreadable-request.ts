import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type NextFunction, type Request, type Response } from 'express';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { KasemError } from './kasem.error.js';

/** Bytes of a client that never became a request, and what they are answered with. */
export interface Unreadable {
  readonly status: number;
  readonly error: ErrorCode;
  readonly log: string;
  readonly headers?: readonly string[];
  /** What Node's parser calls it. */
  readonly cause?: string;
}

const { MALFORMED_JSON, METHOD_NOT_ALLOWED, REQUEST_TIMEOUT } = ERROR_CODES;

/** What Node's parser gives up on before there is a request, by the code of its error. */
const UNREADABLE: ReadonlyMap<string | undefined, Unreadable> = new Map([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, error: REQUEST_TIMEOUT, log: 'the request did not arrive in time' },
  ],
  [
    'HPE_HEADER_OVERFLOW',
    { status: 431, error: MALFORMED_JSON, log: 'the header of the request is too long' },
  ],
]);
const NO_HTTP: Unreadable = { status: 400, error: MALFORMED_JSON, log: 'the request is no HTTP' };

/** Node takes the verb of a proxy for no request at all. */
export const CONNECT: Unreadable = {
  status: 405,
  error: METHOD_NOT_ALLOWED,
  log: 'the service is no proxy and does not take CONNECT',
  headers: ['Allow: GET, HEAD, POST'],
};

/** For so long what the client goes on sending is dropped, so that it gets to see the answer; then it is hung up on. */
const LINGER_MS = 5_000;

/** @param error of the event `clientError` of a server */
export const unreadable = (error: NodeJS.ErrnoException): Unreadable => ({
  ...(UNREADABLE.get(error.code) ?? NO_HTTP),
  cause: error.code,
});

/**
 * Answers in the contract's form, and hangs up.
 * @returns whether there was still somebody to answer
 */
export function answerUnreadable({ status, error, log, headers = [] }: Unreadable, socket: Socket): boolean {
  if (!socket.writable) return false;
  const body = JSON.stringify({ error: error.code, log });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headers,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer)).on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
  return true;
}

/** Express middleware: RFC 9112, section 3.2, has requests without a Host refused. */
export function assertHost(request: Request, _: Response, next: NextFunction): void {
  const isMissing = request.httpVersion === '1.1' && request.headers.host === undefined;
  next(isMissing ? new KasemError('MALFORMED_JSON', 'the request has no Host') : undefined);
}
