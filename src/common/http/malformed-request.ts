import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { linger } from './linger.js';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';

/** Bytes of a client that never became a request, and what they are answered with. */
export interface MalformedRequest {
  readonly status: number;
  readonly error: ErrorCode;
  readonly log: string;
  readonly headers?: readonly string[];
  /** What Node's parser calls it. */
  readonly cause?: string;
}

const { BAD_REQUEST, METHOD_NOT_ALLOWED, REQUEST_TIMEOUT } = ERROR_CODES;

/** What Node's parser gives up on before there is a request, by the code of its error. */
const MALFORMED: ReadonlyMap<string | undefined, MalformedRequest> = new Map([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, error: REQUEST_TIMEOUT, log: 'the request did not arrive in time' },
  ],
  ['HPE_HEADER_OVERFLOW', { status: 431, error: BAD_REQUEST, log: 'the header of the request is too long' }],
]);
const INVALID_HTTP: MalformedRequest = {
  status: 400,
  error: BAD_REQUEST,
  log: 'the request is not valid HTTP',
};

/** Node takes the verb of a proxy for no request at all. */
export const CONNECT: MalformedRequest = {
  status: 405,
  error: METHOD_NOT_ALLOWED,
  log: 'the service is no proxy and does not take CONNECT',
  headers: ['Allow: GET, HEAD, POST'],
};

/** What is no request needs less time to be dropped than the rest of a body. */
const LINGER_MS = 5_000;

/** @param error of the event `clientError` of a server */
export const malformedRequest = (error: NodeJS.ErrnoException): MalformedRequest => ({
  ...(MALFORMED.get(error.code) ?? INVALID_HTTP),
  cause: error.code,
});

/**
 * Responds in the contract's form, and hangs up when the client has had time to read it.
 * @returns whether there was still somebody to respond to
 */
export function respondMalformed(
  { status, error, log, headers = [] }: MalformedRequest,
  socket: Socket,
): boolean {
  if (!socket.writable) return false;
  const body = JSON.stringify({ error: error.code, log });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headers,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  linger(socket, LINGER_MS);
  return true;
}
