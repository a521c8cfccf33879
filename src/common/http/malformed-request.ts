import { METHODS, STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { linger } from './linger.js';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';

/** Bytes that Node's parser refuses, and the response to them. */
export interface MalformedRequest {
  readonly status: number;
  readonly error: ErrorCode;
  readonly log: string;
  readonly headers?: readonly string[];
  /** The code of Node's error, for the log. */
  readonly cause?: string;
}

const { BAD_REQUEST, METHOD_NOT_ALLOWED, REQUEST_TIMEOUT } = ERROR_CODES;

/** By the code of Node's error. */
const MALFORMED: ReadonlyMap<string | undefined, MalformedRequest> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, error: REQUEST_TIMEOUT, log: 'the request did not arrive in time' }],
  ['HPE_HEADER_OVERFLOW', { status: 431, error: BAD_REQUEST, log: 'the header of the request is too long' }],
]);
const INVALID_HTTP: MalformedRequest = {
  status: 400,
  error: BAD_REQUEST,
  log: 'the request is not valid HTTP',
};

/** The verbs of all routes. */
const VERBS = ['GET', 'HEAD', 'POST'];
const NOT_ALLOWED = {
  status: 405,
  error: METHOD_NOT_ALLOWED,
  headers: [`Allow: ${VERBS.join(', ')}`],
};

/** For CONNECT, the verb for proxies, Node emits no request. */
export const CONNECT: MalformedRequest = {
  ...NOT_ALLOWED,
  log: 'the service is no proxy and does not take CONNECT',
};

/** How long to drop what follows malformed bytes. It needs less time than the rest of a body. */
const LINGER_MS = 5_000;

/** An error of Node's parser, with the bytes it was given and the number of those it has parsed. */
interface ParseError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** @param error of a server's `clientError` event */
export function malformedRequest(error: ParseError): MalformedRequest {
  const verb = unknownVerb(error);
  const fault =
    verb === undefined
      ? (MALFORMED.get(error.code) ?? INVALID_HTTP)
      : { ...NOT_ALLOWED, log: `expected ${VERBS.join(' or ')}, got ${verb}` };
  return { ...fault, cause: error.code };
}

/** A request line, which may directly follow the JSON body of another request. */
const REQUEST_LINE = /(?:^|\})([!#$%&'*+.^`|~\w-]{1,32}) \S+ HTTP\/1\.[01]$/;

/** The verb of a request that Node's parser refuses only because the verb is not in its list. */
function unknownVerb({ code, rawPacket, bytesParsed = 0 }: ParseError): string | undefined {
  if (rawPacket === undefined || (code !== 'HPE_INVALID_METHOD' && code !== 'HPE_INVALID_CONSTANT')) return undefined;
  const start = rawPacket.lastIndexOf('\n', bytesParsed) + 1;
  const line = rawPacket.toString('latin1', start, rawPacket.indexOf('\r\n', start));
  const verb = REQUEST_LINE.exec(line)?.[1];
  return verb === undefined || METHODS.includes(verb) ? undefined : verb;
}

/**
 * Responds in the contract's form, and closes the connection when the client has had time to read.
 * @returns false if the connection takes no response any more
 */
export function respondMalformed({ status, error, log, headers = [] }: MalformedRequest, socket: Socket): boolean {
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
