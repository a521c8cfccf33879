import { createReadStream, createWriteStream, openSync, statSync } from 'node:fs';
import { type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ResponseReader, differences, type ReadResponse } from './response-reader.js';
import { callHttp, type HttpResponse } from './http-call.js';
import { progressBar, shown, type Output } from './terminal.js';

export interface CallOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A recorded response to hold the response against. */
  readonly expect?: string;
  readonly tolerance: number;
  /** Where to write the response as it came. */
  readonly out?: string;
  readonly timeoutMs: number;
}

const SHOWN_ROWS = 3;
const SHOWN_LOG = 1000;
const SHOWN_DIFFERENCES = 10;

/**
 * Sends one recorded body and tells what came back.
 * @param file its path, or - for the standard input
 * @returns whether error is 0 and nothing differs from what is expected
 */
export async function callWithBody(file: string, options: CallOptions, output: Output): Promise<boolean> {
  const size = file === '-' ? undefined : statSync(file).size;
  const body: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  const reader = new ResponseReader();
  // Opened before anything is sent: a body is not sent twice for a misspelt name.
  const out =
    options.out === undefined ? undefined : createWriteStream('', { fd: openSync(options.out, 'w') });
  const written = out && finished(out);
  written?.catch(() => undefined);
  const bar = progressBar(output, `sending ${file}`, size);
  let received = 0;
  const response = await callHttp(
    {
      url: options.url,
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(size !== undefined && { 'Content-Length': size }),
        ...options.headers,
      },
      body,
    },
    {
      idleMs: options.timeoutMs,
      sent: (bytes) => bar.update(bytes),
      take: (piece) => {
        received += piece.length;
        out?.write(piece);
        reader.push(piece);
      },
    },
  ).finally(() => bar.end());
  if (out !== undefined) {
    out.end();
    await written;
  }

  const read = await reader.end();
  output.out(summary(file, response, read, received));
  let isRight = read.error === 0;
  if (options.expect !== undefined) {
    const list = differences(read, await readFile(options.expect), options.tolerance, SHOWN_DIFFERENCES);
    isRight = isRight && list.length === 0;
    output.out(
      list.length === 0 ? `as in ${options.expect}` : `not as in ${options.expect}:\n  ${list.join('\n  ')}`,
    );
  }
  return isRight;
}

async function readFile(path: string): Promise<ReadResponse> {
  const reader = new ResponseReader();
  for await (const piece of createReadStream(path)) reader.push(piece as Buffer);
  return reader.end().catch((error: Error) => {
    throw new Error(`${path}: ${error.message}`);
  });
}

function summary(
  file: string,
  { status, headers, timings }: HttpResponse,
  response: ReadResponse,
  received: number,
): string {
  const server = headers['server-timing'];
  const lines = [
    `${file}: error ${String(response.error)}, ${shown(response.log ?? 'no log', SHOWN_LOG)}`,
    `  HTTP ${status}, ${response.rows} rows, ${received} bytes`,
    `  first byte after ${timings.firstByte.toFixed(1)} ms, all after ${timings.end.toFixed(1)} ms${server === undefined ? '' : `; at the endpoint: ${String(server)}`}`,
  ];
  if (response.rows > 0) {
    lines.push(`  ${[...response.columns.keys()].join('  ')}`);
    for (let row = 0; row < response.rows; row++) {
      if (row === SHOWN_ROWS && response.rows > 2 * SHOWN_ROWS) {
        lines.push('  …');
        row = response.rows - SHOWN_ROWS;
      }
      lines.push(
        `  ${[...response.columns.values()].map((column) => (Number.isNaN(column[row]) ? 'missing' : column[row])).join('  ')}`,
      );
    }
  }
  return lines.join('\n');
}
