import { createReadStream, createWriteStream, openSync, readFileSync, statSync } from 'node:fs';
import { type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { differences, readResponse, type ReadResponse } from './response-reader.js';
import { callHttp, type HttpResponse } from './http-call.js';
import { print, progress, shown } from './terminal.js';

export interface CallOptions {
  readonly url: URL;
  readonly header: Readonly<Record<string, string>>;
  /** A recorded response to compare the response with. */
  readonly expect?: string;
  readonly tolerance: number;
  /** The file to write the response to, as it was received. */
  readonly out?: string;
  /** How many milliseconds the connection may be idle. */
  readonly timeout: number;
}

const SHOWN_ROWS = 3;
const SHOWN_LOG = 1000;
const SHOWN_DIFFERENCES = 10;

/**
 * Sends one recorded body and prints the response.
 * @param file its path, or - for the standard input
 * @returns whether error is 0 and the response is as expected
 */
export async function callWithBody(file: string, options: CallOptions): Promise<boolean> {
  const size = file === '-' ? undefined : statSync(file).size;
  const body: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  // Opened first, so that no body is sent if the path is wrong.
  const out = options.out ? createWriteStream('', { fd: openSync(options.out, 'w') }) : undefined;
  const written = out && finished(out);
  written?.catch(() => undefined);
  const received: Buffer[] = [];
  const response = await callHttp(
    {
      url: options.url,
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(size !== undefined && { 'Content-Length': size }),
        ...options.header,
      },
      body,
    },
    {
      idleMs: options.timeout,
      sent: (bytes) => progress(`sending ${file}: ${megabytes(bytes)}${size ? ` of ${megabytes(size)}` : ''}`),
      take: (piece) => {
        received.push(piece);
        out?.write(piece);
      },
    },
  ).finally(() => progress(''));
  out?.end();
  await written;

  const bytes = Buffer.concat(received);
  const read = readResponse(bytes);
  print(summary(file, response, read, bytes.length));
  let isRight = read.error === 0;
  if (options.expect !== undefined) {
    const list = differences(read, recorded(options.expect), options.tolerance, SHOWN_DIFFERENCES);
    isRight = isRight && list.length === 0;
    print(list.length === 0 ? `as in ${options.expect}` : `not as in ${options.expect}:\n  ${list.join('\n  ')}`);
  }
  return isRight;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function recorded(path: string): ReadResponse {
  const bytes = readFileSync(path);
  try {
    return readResponse(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
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
