import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { setImmediate } from 'node:timers/promises';

/** An answer, its body as text and as the JSON that it has to be. */
export interface Answer {
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
  /** One piece goes with its Content-Length; several go one by one, chunked. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
}

/** Sends one request, by default POST /method with JSON, and reads its answer. */
export function call(
  url: string,
  { method = 'POST', path = '/method', headers, body = '' }: Call = {},
): Promise<Answer> {
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
        const answer = { status: incoming.statusCode ?? 0, headers: incoming.headers, text };
        try {
          resolve({ ...answer, json: JSON.parse(text) as Answer['json'] });
        } catch {
          reject(new Error(`${answer.status}: no JSON: ${text.slice(0, 200)}`));
        }
      });
    });
    if (typeof body === 'string' || body instanceof Uint8Array || ArrayBuffer.isView(body))
      outgoing.end(body);
    else void writePieces(outgoing, body);
  });
}

async function writePieces(
  outgoing: ReturnType<typeof request>,
  pieces: readonly Uint8Array[],
): Promise<void> {
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

/** Rows one second apart with samples of all digits, the same for the same seed (a 32-bit linear congruence). */
export function sampleRows(count: number, seed = 1): number[][] {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Array.from({ length: count }, (_, row) => [
    1420066800 + row,
    next() * 1000 + next() / 1e6,
    next() * 1000 + next() / 1e6,
  ]);
}
