import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { bytesOf, encode, type Coding, type Pieces } from './bodies.js';
import { type Pod } from './pod.js';

export interface Response {
  readonly status: number;
  readonly error: number;
  readonly text: string;
}

export interface Sending {
  /** The request line and the headers, without those that describe the body. */
  readonly head?: readonly string[];
  readonly coding?: Coding;
  /** The chunk length of the transfer coding; undefined to send a Content-Length. */
  readonly chunkBytes?: number | undefined;
  /** Whether the end of the body is never sent. */
  readonly isUnfinished?: boolean;
}

export const POST = ['POST /method HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
export const KEY = 'X-API-Key: k3y';

const CONTENT_ENCODING: Record<Coding, string | undefined> = {
  none: undefined,
  gzip: 'gzip',
  'gzip members': 'gzip',
  'gzip flushed': 'gzip',
  deflate: 'deflate',
  'raw deflate': 'deflate',
  br: 'br',
};

/** All bytes of a request. */
export function requestBytes(
  body: Pieces | Buffer,
  { head = [...POST, KEY], coding = 'none', chunkBytes, isUnfinished = false }: Sending = {},
): Buffer {
  const encoded = encode(Buffer.isBuffer(body) ? body : bytesOf(body), coding);
  const lines = [...head];
  if (CONTENT_ENCODING[coding] !== undefined) lines.push(`Content-Encoding: ${CONTENT_ENCODING[coding]}`);
  lines.push(
    chunkBytes === undefined
      ? `Content-Length: ${encoded.length + (isUnfinished ? 1 : 0)}`
      : 'Transfer-Encoding: chunked',
  );
  const start = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  if (chunkBytes === undefined) return Buffer.concat([start, encoded]);
  return Buffer.concat([start, chunked(encoded, chunkBytes), Buffer.from(isUnfinished ? '' : '0\r\n\r\n')]);
}

function chunked(body: Buffer, chunkBytes: number): Buffer {
  const whole = Math.floor(body.length / chunkBytes);
  const sizes = [Buffer.from(`${chunkBytes.toString(16)}\r\n`), Buffer.from('\r\n')] as const;
  const rest = body.subarray(whole * chunkBytes);
  const out = Buffer.alloc(whole * (sizes[0].length + chunkBytes + 2));
  for (let i = 0, at = 0; i < whole; i++) {
    at += sizes[0].copy(out, at);
    at += body.copy(out, at, i * chunkBytes, (i + 1) * chunkBytes);
    at += sizes[1].copy(out, at);
  }
  return rest.length === 0
    ? out
    : Buffer.concat([out, Buffer.from(`${rest.length.toString(16)}\r\n`), rest, Buffer.from('\r\n')]);
}

/** One request on its own connection. */
export class Client {
  readonly socket: Socket;
  /** The start of the response, and the end of a long one. */
  private text = '';
  private tail = '';
  received = 0;
  private failure: Error | undefined;

  constructor(pod: Pod) {
    this.socket = connect(pod.port, '127.0.0.1')
      .on('error', (error) => (this.failure = error))
      .on('data', (piece: Buffer) => {
        this.received += piece.length;
        if (this.text.length < KEPT) this.text += piece.toString('latin1');
        this.tail = (this.tail + piece.toString('latin1', Math.max(0, piece.length - KEPT))).slice(-KEPT);
      });
  }

  send(bytes: Buffer | string): this {
    this.socket.write(bytes);
    return this;
  }

  /** Reads nothing until everything has been sent. */
  async sendFirst(bytes: Buffer): Promise<void> {
    this.socket.pause();
    await new Promise<void>((resolve, reject) => {
      this.socket.once('error', reject).write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    this.socket.resume();
  }

  /** @throws Error if the connection ends before the response is complete */
  async response(): Promise<Response> {
    while (!this.isComplete) {
      if (this.failure !== undefined || this.socket.closed)
        throw new Error(
          `the connection ended (${this.failure?.message ?? 'closed'}) after: ${this.text.slice(0, 300)}`,
        );
      await setTimeout(5);
    }
    const text = this.text + (this.received > this.text.length ? this.tail : '');
    return {
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]),
      error: Number(/"error":(\d+),"log"/.exec(text)?.[1] ?? NaN),
      text,
    };
  }

  private get isComplete(): boolean {
    const head = this.text.indexOf('\r\n\r\n');
    if (head < 0) return false;
    const length = /^Content-Length: (\d+)/im.exec(this.text.slice(0, head))?.[1];
    return length === undefined ? this.tail.endsWith('0\r\n\r\n') : this.received >= head + 4 + Number(length);
  }

  close(): void {
    this.socket.destroy();
  }
}

const KEPT = 1 << 16;

/** Sends the same bytes over several connections at once. */
export const send = (pod: Pod, bytes: Buffer, connections = 1): Client[] =>
  Array.from({ length: connections }, () => new Client(pod).send(bytes));

/**
 * Sends a complete request over several connections at once. Each must get a response in the contract's form.
 * @throws Error for any other response, and for error 50
 */
export async function sendAll(pod: Pod, bytes: Buffer, connections = 1): Promise<Response[]> {
  const clients = send(pod, bytes, connections);
  try {
    const responses = await Promise.all(clients.map((client) => client.response()));
    for (const { error, text } of responses)
      if (!(error >= 0) || error === 50) throw new Error(`the response is ${text.slice(0, 500)}`);
    return responses;
  } finally {
    for (const client of clients) client.close();
  }
}

/** Sends a request without its end, waits until the service has read all of it, and disconnects. */
export async function sendWithoutEnd(pod: Pod, bytes: Buffer, connections = 1): Promise<void> {
  const clients = send(pod, bytes, connections);
  try {
    await setTimeout(200);
    await pod.isSettled();
  } finally {
    for (const client of clients) client.close();
  }
}
