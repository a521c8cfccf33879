import { randomUUID } from 'node:crypto';
import { type NextFunction, type Request, type Response } from 'express';
import { type MalformedRequest } from './malformed-request.js';

export const REQUEST_ID = 'X-Request-ID';

/** An id that is safe in a log and in a header. */
const HARMLESS = /^[\w.:@/+=-]{1,128}$/;

/** The paths of monitoring: called every few seconds, and answered even while draining. Only /health is public. */
const PROBE = /^\/(health|metrics)(?=\/|$)/i;

/** The size of a method's call, and its times in milliseconds. */
export interface CallRecord {
  /** The first path of the method, without the leading slash. */
  readonly method: string;
  rows: number;
  /** Waiting for the bytes of the body. */
  receive: number;
  /** From bytes to columns. Decompressing is part of receiving. */
  decode: number;
  /** Validating the params, summarizing the rows, running the method, and checking its result. */
  compute: number;
  /** From columns to bytes, without waiting for the client to take them. */
  encode: number;
}

/** The value of Server-Timing (https://www.w3.org/TR/server-timing/): the times that are known before the response is sent. */
export const serverTiming = ({ receive, decode, compute }: CallRecord): string =>
  `receive;dur=${microseconds(receive)}, decode;dur=${microseconds(decode)}, compute;dur=${microseconds(compute)}`;

/** Milliseconds, rounded to microseconds. */
const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1e3) / 1e3;

/** What is known about a request and its response. Handlers write it; the log and the metrics read it when the request ends. */
export class RequestContext {
  readonly startedAt = performance.now();
  /** Bytes of the request's body as sent. */
  bytesIn = 0;
  /** Bytes of the response's body. */
  bytesOut = 0;
  /** `error` of the response; undefined if the response is not in the contract's form. */
  error?: number;
  /** The name of the key that was given. */
  key?: string;
  call?: CallRecord;
  /** Kept here because a closed socket no longer has it. */
  readonly remoteAddress: string | undefined;

  constructor(
    readonly id: string,
    readonly request: Request,
    readonly response: Response,
  ) {
    this.remoteAddress = request.socket.remoteAddress;
  }

  get isProbe(): boolean {
    return isProbe(this.request);
  }

  /** Bytes of the response's body; if they were not counted, its Content-Length. */
  get responseBytes(): number {
    return this.bytesOut || Number(this.response.getHeader('content-length') ?? 0);
  }

  /** Whether the whole response was sent. If not, one side closed the connection. */
  get isComplete(): boolean {
    return this.response.writableFinished;
  }

  /** Milliseconds since the request's headers were read. */
  get duration(): number {
    return performance.now() - this.startedAt;
  }
}

/** Called when a request begins, and when its response is closed. */
export interface RequestObserver {
  begun?(context: RequestContext): void;
  ended(context: RequestContext): void;
  /** Called for bytes that Node's parser refuses. */
  malformed?(fault: MalformedRequest, remoteAddress: string | undefined): void;
}

export const isProbe = ({ path }: Pick<Request, 'path'>): boolean => PROBE.test(path);

/** Not in `response.locals`, which a developer may replace. */
const CONTEXT = Symbol('context');

type Contextual = Response & { [CONTEXT]?: RequestContext };

export const contextOf = (response: Response): RequestContext => (response as Contextual)[CONTEXT] as RequestContext;

/**
 * Express middleware before all others: creates the context, sets X-Request-ID (the client's own if it is safe), and calls
 * the observers.
 */
export function observe(observers: readonly RequestObserver[]) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const given = request.headers['x-request-id'];
    const id = typeof given === 'string' && HARMLESS.test(given) ? given : randomUUID();
    const context = new RequestContext(id, request, response);
    (response as Contextual)[CONTEXT] = context;
    response.setHeader(REQUEST_ID, id);
    for (const observer of observers) observer.begun?.(context);
    response.once('close', () => {
      for (const observer of observers) observer.ended(context);
    });
    next();
  };
}
