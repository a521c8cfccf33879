import { type Response } from 'express';
import { toLog } from '../errors/log.js';
import { type CallRecord, type RequestContext } from '../http/request-context.js';
import { encodeFrame } from '../frame/frame-codec.js';
import { type Frame, type Missing } from '../frame/frame.js';
import { freeChunk } from '../free.js';
import { turns } from '../turns.js';

/** A response up to this length is written at once, with its Content-Length. */
const SMALL_RESPONSE_BYTES = 1 << 16;

/** What the writer needs besides the response. */
export interface ResponseProgress {
  /** Gets the bytes written; `record` gets the milliseconds of encoding. Both also if the client goes away. */
  readonly context: Pick<RequestContext, 'bytesOut'>;
  readonly record: Pick<CallRecord, 'encode'>;
  readonly missing: Missing;
}

/** Writes a successful response as fast as the client takes it. Stops when the client has gone. */
export async function writeResponse(
  response: Response,
  frame: Frame,
  log: string,
  { context, record, missing }: ResponseProgress,
): Promise<void> {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  const pieces = recorded(responsePieces(frame, log, missing), context, record);

  const small: Uint8Array[] = [];
  let size = 0;
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    small.push(next.value);
    size += next.value.length;
    if (size > SMALL_RESPONSE_BYTES) return writePieces(response, Buffer.concat(small), pieces);
  }
  response.setHeader('Content-Length', size);
  // Node sends a string together with the headers, in one write.
  response.end(Buffer.concat(small, size).toString());
}

async function writePieces(response: Response, first: Uint8Array, rest: Iterator<Uint8Array>): Promise<void> {
  for (let piece = first; ;) {
    if (response.destroyed) return;
    if (!write(response, piece)) await drained(response);
    if (!turns.hasTime) await turns.next();
    const next = rest.next();
    if (next.done) break;
    piece = next.value;
  }
  response.end();
}

/** Frees a piece when the operating system has it. */
const write = (response: Response, piece: Uint8Array): boolean => response.write(piece, () => freeChunk(piece));

/** Resolves when the client has taken what was written, or has gone. */
function drained(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
  });
}

/** The same pieces, counted and timed. */
function* recorded(
  pieces: Iterator<Uint8Array>,
  context: ResponseProgress['context'],
  record: ResponseProgress['record'],
): Generator<Uint8Array, undefined> {
  for (;;) {
    const start = performance.now();
    const next = pieces.next();
    record.encode += performance.now() - start;
    if (next.done) return;
    context.bytesOut += next.value.length;
    yield next.value;
  }
}

function* responsePieces(frame: Frame, log: string, missing: Missing): Generator<Uint8Array, undefined> {
  yield Buffer.from('{"scalar":');
  yield* encodeFrame(frame, missing);
  yield Buffer.from(`,"error":0,"log":${JSON.stringify(toLog(log))}}`);
}
