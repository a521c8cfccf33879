import { Inject, Injectable } from '@nestjs/common';
import { type Level, type Logger } from 'pino';
import { type MalformedRequest } from '../../common/http/malformed-request.js';
import { type RequestContext, type RequestObserver } from '../../common/http/request-context.js';
import { PINO } from './pino.js';
import { traceIdOf } from './trace-id.js';

/** Hundredths of a millisecond are noise. */
const rounded = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;

/** Writes one line for each request, for operators. It never contains samples, keys or headers. */
@Injectable()
export class RequestLog implements RequestObserver {
  constructor(@Inject(PINO) private readonly pino: Logger) {}

  ended(context: RequestContext): void {
    const level = levelOf(context);
    if (!this.pino.isLevelEnabled(level)) return;
    const { id, request, response, remoteAddress, error, bytesIn, key, call, isComplete } = context;
    this.pino[level](
      {
        requestId: id,
        traceId: traceIdOf(request.headers.traceparent),
        method: request.method,
        // Express removes the path at which middleware is mounted.
        path: request.baseUrl + request.path,
        remoteAddress,
        status: response.headersSent ? response.statusCode : undefined,
        error,
        key,
        rows: call?.rows,
        bytesIn,
        bytesOut: context.responseBytes,
        ms: rounded(context.duration),
        ...(call && {
          receiveMs: rounded(call.receive),
          decodeMs: rounded(call.decode),
          computeMs: rounded(call.compute),
          encodeMs: rounded(call.encode),
        }),
      },
      isComplete ? 'request' : 'request abandoned',
    );
  }

  malformed({ status, error, cause }: MalformedRequest, remoteAddress: string | undefined): void {
    this.pino.info({ status, error: error.code, cause, remoteAddress }, 'malformed request');
  }
}

function levelOf({ isProbe, response }: RequestContext): Level {
  if (isProbe) return 'debug';
  // 501 is the client's fault: an unknown transfer coding.
  if (!response.headersSent || response.statusCode < 500 || response.statusCode === 501) return 'info';
  return response.statusCode === 503 ? 'warn' : 'error';
}
