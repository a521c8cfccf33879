import { randomUUID } from 'node:crypto';
import { type NextFunction, type Request, type Response } from 'express';
import { type MalformedRequest } from './malformed-request.js';

export const REQUEST_ID = 'X-Request-ID';

/** What may stand in a log and in a header as it is. */
const HARMLESS = /^[\w.:@/+=-]{1,128}$/;

/** What watches the service: called every few seconds, and answered also while draining. Of the two only /health is public. */
const PROBE = /^\/(health|metrics)(?=\/|$)/i;

/** The call of a method: how large it was and where its time went, in milliseconds. */
export interface CallRecord {
  /** The first of the method's paths. */
  readonly method: string;
  rows: number;
  /** Waiting for the bytes of the body. */
  receive: number;
  /** Decompressing is part of receiving; this is bytes to columns. */
  decode: number;
  /** The params' rules, the summary of the rows, the method, and the check of what it gave. */
  compute: number;
  /** Columns to bytes, without waiting for the client to take them. */
  encode: number;
}

/** The parts of a call that are over before its response is sent, as https://www.w3.org/TR/server-timing/ spells them. */
export const serverTiming = (call: CallRecord): string =>
  (['receive', 'decode', 'compute'] as const)
    .map((part) => `${part};dur=${Math.round(call[part] * 1e3) / 1e3}`)
    .join(', ');

/** One request and its response: written by those who handle it, read at its end by the log and the metrics. */
export class RequestContext {
  readonly startedAt = performance.now();
  /** Bytes of the body as sent. */
  bytesIn = 0;
  /** Bytes of the response's body. */
  bytesOut = 0;
  /** `error` of the response; none where the response is not in the contract's form. */
  error?: number;
  /** The name of the key that was given. */
  key?: string;
  call?: CallRecord;
  /** Kept, since a connection that is over knows it no more. */
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

  /** Whether the client had the whole response; otherwise one side hung up. */
  get isComplete(): boolean {
    return this.response.writableFinished;
  }

  /** Milliseconds since the request's header was read. */
  get duration(): number {
    return performance.now() - this.startedAt;
  }
}

/** Told of each request when it begins and when its connection has seen the last of it. */
export interface RequestObserver {
  begun?(context: RequestContext): void;
  ended(context: RequestContext): void;
  /** Told of a client whose bytes never became a request. */
  malformed?(fault: MalformedRequest, remoteAddress: string | undefined): void;
}

export const isProbe = (request: Request): boolean => PROBE.test(request.path);

export const contextOf = (response: Response): RequestContext => response.locals.context as RequestContext;

/**
 * Express middleware before all others: gives each response the id of its request, the client's own where it is harmless,
 * and tells the observers.
 */
export function observe(observers: readonly RequestObserver[]) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const given = request.headers['x-request-id'];
    const id = typeof given === 'string' && HARMLESS.test(given) ? given : randomUUID();
    const context = new RequestContext(id, request, response);
    response.locals.context = context;
    response.setHeader(REQUEST_ID, id);
    for (const observer of observers) observer.begun?.(context);
    response.once('close', () => {
      for (const observer of observers) observer.ended(context);
    });
    next();
  };
}
