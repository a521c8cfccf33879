import { createReadStream, createWriteStream, openSync, statSync } from 'node:fs';
import { type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { AnswerReader, differences, type ReadAnswer } from './response-reader.js';
import { callHttp, type HttpAnswer } from './http-call.js';
import { progressBar, shown, type Output } from './terminal.js';

export interface CallOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A recorded answer to hold the answer against. */
  readonly expect?: string;
  readonly tolerance: number;
  /** Where to write the answer as it came. */
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
  const reader = new AnswerReader();
  // Opened before anything is sent: a body is not sent twice for a misspelt name.
  const out =
    options.out === undefined ? undefined : createWriteStream('', { fd: openSync(options.out, 'w') });
  const written = out && finished(out);
  written?.catch(() => undefined);
  const bar = progressBar(output, `sending ${file}`, size);
  let received = 0;
  const answer = await callHttp(
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
  output.out(summary(file, answer, read, received));
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

async function readFile(path: string): Promise<ReadAnswer> {
  const reader = new AnswerReader();
  for await (const piece of createReadStream(path)) reader.push(piece as Buffer);
  return reader.end().catch((error: Error) => {
    throw new Error(`${path}: ${error.message}`);
  });
}

function summary(
  file: string,
  { status, headers, timings }: HttpAnswer,
  answer: ReadAnswer,
  received: number,
): string {
  const server = headers['server-timing'];
  const lines = [
    `${file}: error ${String(answer.error)}, ${shown(answer.log ?? 'no log', SHOWN_LOG)}`,
    `  HTTP ${status}, ${answer.rows} rows, ${received} bytes`,
    `  first byte after ${timings.firstByte.toFixed(1)} ms, all after ${timings.end.toFixed(1)} ms${server === undefined ? '' : `; at the endpoint: ${String(server)}`}`,
  ];
  if (answer.rows > 0) {
    lines.push(`  ${[...answer.columns.keys()].join('  ')}`);
    for (let row = 0; row < answer.rows; row++) {
      if (row === SHOWN_ROWS && answer.rows > 2 * SHOWN_ROWS) {
        lines.push('  …');
        row = answer.rows - SHOWN_ROWS;
      }
      lines.push(
        `  ${[...answer.columns.values()].map((column) => (Number.isNaN(column[row]) ? 'missing' : column[row])).join('  ')}`,
      );
    }
  }
  return lines.join('\n');
}
