import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';

interface Unreadable {
  readonly status: number;
  readonly error: ErrorCode;
  readonly log: string;
}

/** What Node's parser gives up on before there is a request, by the code of its error. */
const UNREADABLE: ReadonlyMap<string | undefined, Unreadable> = new Map([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, error: ERROR_CODES.REQUEST_TIMEOUT, log: 'the request did not arrive in time' },
  ],
  [
    'HPE_HEADER_OVERFLOW',
    { status: 431, error: ERROR_CODES.MALFORMED_JSON, log: 'the header of the request is too long' },
  ],
]);
const NO_HTTP: Unreadable = { status: 400, error: ERROR_CODES.MALFORMED_JSON, log: 'the request is no HTTP' };

/** Answers, in the contract's form, a client whose bytes are no request; for the event `clientError` of a server. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const {
    status,
    error: { code },
    log,
  } = UNREADABLE.get(error.code) ?? NO_HTTP;
  const body = JSON.stringify({ error: code, log });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
