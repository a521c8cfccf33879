import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { STATUS_CODES } from 'node:http';
import { type Request, type Response } from 'express';
import { ACCEPTED_CODINGS } from './content-codings.js';
import { contextOf, REQUEST_ID, serverTiming } from './request-context.js';
import { type HttpAdapter } from './http-adapter.js';
import { Environment } from '../config/environment.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { toLog } from '../errors/log.js';

/** Knows the errors of the package http-errors, to which Nest gives their own status. */
const nest = new BaseExceptionFilter();

/** An error response. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: number; readonly log: string } | object;
}

/** Turns anything that is thrown into an error response in the contract's form. */
@Catch()
export class KasemExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger(KasemExceptionFilter.name);

  constructor(
    private readonly environment: Environment,
    private readonly adapterHost: HttpAdapterHost<HttpAdapter>,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    const { status, headers, body } = errorResponse(this.explain(thrown, request), this.environment.ERROR_HTTP_STATUS);
    const context = contextOf(response);

    if (response.destroyed) return;
    const error = 'error' in body && typeof body.error === 'number' ? body.error : undefined;
    // The response to INTERNAL never tells the cause, whatever its status, so the log has to.
    if (error === ERROR_CODES.INTERNAL.code) this.logger.error({ requestId: context.id, err: toError(thrown) });
    // The handler failed after it had sent its whole response.
    if (response.writableEnded) return;
    context.error = error;
    if (context.call !== undefined && !response.headersSent)
      response.setHeader('Server-Timing', serverTiming(context.call));
    // A response that has begun can't be replaced. Cutting the connection tells the client that it is incomplete.
    if (response.headersSent) response.destroy();
    // The type may be that of the response to a success, from @Header.
    else response.status(status).type('json').set(headers).json(body);
  }

  /** Turns routing errors of Nest and Express, known by their messages, into NOT_FOUND and METHOD_NOT_ALLOWED. */
  private explain(thrown: unknown, { method, path, originalUrl }: Request): unknown {
    if (nest.isHttpError(thrown)) return new HttpException(nest.getHttpErrorMessage(thrown), thrown.statusCode);
    if (!(thrown instanceof HttpException)) return thrown;
    const isUndecodable = thrown.message.startsWith('Failed to decode param ');
    if (!isUndecodable && thrown.message !== `Cannot ${method} ${originalUrl}`) return thrown;
    const allowed = this.adapterHost.httpAdapter.routes.allowed(path);
    // A route may exist for that verb and still not take the request, such as one of another API version.
    return isUndecodable || allowed.length === 0 || allowed.includes(method)
      ? new KasemError('NOT_FOUND', `there is no ${path}`)
      : new MethodNotAllowedError(method, path, allowed);
  }
}

/** Anything can be thrown, but the log needs a stack. */
const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(`thrown without an Error: ${String(thrown)}`);

class MethodNotAllowedError extends KasemError {
  constructor(
    method: string,
    path: string,
    readonly allowed: readonly string[],
  ) {
    super('METHOD_NOT_ALLOWED', `${path}: expected ${allowed.join(' or ')}, got ${method}`);
  }
}

/** The response to anything that can be thrown; pure. */
export function errorResponse(thrown: unknown, errorHttpStatus: Environment['ERROR_HTTP_STATUS']): ErrorResponse {
  if (thrown instanceof KasemError) {
    const { code, status, managed } = thrown.errorCode;
    return {
      status: managed && errorHttpStatus === 'contract' ? 200 : status,
      headers: headersOf(thrown),
      body: { error: code, log: toLog(thrown.message) },
    };
  }
  if (thrown instanceof HttpException) {
    const [status, body] = [thrown.getStatus(), thrown.getResponse()];
    if (isHealthResponse(body)) return { status, headers: {}, body };
    const [{ code }, log] =
      status < 500
        ? [ERROR_CODES.BAD_REQUEST, messageOf(thrown, body)]
        : [ERROR_CODES.INTERNAL, STATUS_CODES[status] ?? 'a fault of the service'];
    return { status, headers: {}, body: { error: code, log: toLog(log) } };
  }
  return {
    status: 500,
    headers: {},
    body: {
      error: ERROR_CODES.INTERNAL.code,
      log: `a fault of the service; its log holds the cause under the ${REQUEST_ID} of this response`,
    },
  };
}

function headersOf(error: KasemError): Record<string, string> {
  if (error instanceof MethodNotAllowedError) return { Allow: error.allowed.join(', ') };
  // By code, since BAD_REQUEST has several statuses.
  switch (error.errorCode.code) {
    case ERROR_CODES.UNAUTHORIZED.code:
      return { 'WWW-Authenticate': 'Bearer' };
    case ERROR_CODES.UNSUPPORTED_MEDIA_TYPE.code:
      return { 'Accept-Encoding': ACCEPTED_CODINGS };
    case ERROR_CODES.BAD_REQUEST.code:
    case ERROR_CODES.REQUEST_TIMEOUT.code:
      return { Connection: 'close' };
    case ERROR_CODES.OVERLOADED.code:
      return { 'Retry-After': '1' };
    case ERROR_CODES.SHUTTING_DOWN.code:
      return { 'Retry-After': '1', Connection: 'close' };
    default:
      return {};
  }
}

/** ValidationPipe has several messages, which are only in its response. */
function messageOf({ message }: HttpException, body: string | object): string {
  return typeof body === 'object' && 'message' in body && Array.isArray(body.message)
    ? body.message.join('; ')
    : message;
}

/** Whether it is a response of terminus, whose form health probes know. */
function isHealthResponse(body: unknown): body is object {
  return typeof body === 'object' && body !== null && 'status' in body && 'details' in body;
}
