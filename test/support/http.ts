import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { generate } from '../../src/cli/cases.js';

/** A response, with its body as text and as JSON. */
export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: {
    error: number;
    log: string;
    scalar?: { headers: string[]; data: (number | null)[][] };
  } & Record<string, unknown>;
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** One piece is sent with its Content-Length; several are sent one by one, chunked. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
}

/** Sends one request, by default POST /method with JSON, and reads its response. */
export function call(
  url: string,
  { method = 'POST', path = '/method', headers, body = '' }: Call = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      agent: false,
    });
    outgoing.on('error', reject).on('response', (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const response = { status: incoming.statusCode ?? 0, headers: incoming.headers, text };
        try {
          resolve({ ...response, json: JSON.parse(text) as Response['json'] });
        } catch {
          reject(new Error(`${response.status}: no JSON: ${text.slice(0, 200)}`));
        }
      });
    });
    if (typeof body === 'string' || body instanceof Uint8Array || ArrayBuffer.isView(body)) outgoing.end(body);
    else void writePieces(outgoing, body);
  });
}

async function writePieces(outgoing: ReturnType<typeof request>, pieces: readonly Uint8Array[]): Promise<void> {
  outgoing.setNoDelay(true);
  for (const piece of pieces) {
    outgoing.write(piece);
    await setImmediate();
  }
  outgoing.end();
}

/** A body as KasemInterface sends it. */
export function bodyOf(rows: readonly (readonly (number | null)[])[], scale = 1): string {
  return JSON.stringify({ param: { scale }, scalar: { headers: ['date', 'e1_ts', 'e2_ts'], data: rows } });
}

/** Rows one second apart with samples of all digits, the same for the same seed. */
export const sampleRows = (count: number, seed = 1): number[][] =>
  generate({ rows: count, seed, shape: 'digits' }) as number[][];

/** A request over a connection of its own, whose bytes the test sends as it likes. */
export interface RawRequest {
  send(bytes: string | Uint8Array): void;
  /** Resolves with all received text once it matches. Rejects if the connection ends before. */
  received(pattern: RegExp): Promise<string>;
  readonly closed: Promise<void>;
  /** Sends no more, but still receives. */
  end(): void;
  close(): void;
}

export function rawRequest(port: number, head: readonly string[], path = '/method'): RawRequest {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  let text = '';
  socket.on('data', (piece: Buffer) => (text += piece.toString()));
  socket.write(
    `${[`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', ...head].join('\r\n')}\r\n\r\n`,
  );
  return {
    send: (bytes) => void socket.write(bytes),
    received: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => pattern.test(text) && resolve(text);
        socket.on('data', look).on('close', () => reject(new Error(`the connection ended after: ${text}`)));
        look();
      }),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  };
}

/** How much an uncompressed body adds to the bytes in flight. Even a short one adds the memory of its request. */
export const countedBytes = (bytes: number): number => Math.max(bytes, 6 << 10);

/** The value of one series in /metrics; 0 if it is missing. */
export async function metric(url: string, series: string, headers?: OutgoingHttpHeaders): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: headers as Record<string, string> });
  const line = (await response.text()).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? 0);
}

/** Polls until the condition holds. The test's own timeout ends it. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await setTimeout(20);
}
