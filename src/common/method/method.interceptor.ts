import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Environment } from '../config/environment.js';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { contextOf, serverTiming, type CallRecord, type RequestContext } from '../http/request-context.js';
import { DATE, type Frame } from '../frame/frame.js';
import { free } from '../free.js';
import { writeResponse } from './response-writer.js';
import { BodyBudget, type BodyShare } from './body-budget.js';
import { ClientGoneError, readBody } from './body-reader.js';
import { METHOD, type DeclaredMethod, type MethodRequest } from './method-declaration.js';
import { validateParams } from './params.js';
import { assertFinite, logText, resultFrame, summarize } from './result.js';

/** One call while it is computed and its response written. */
interface CallInProgress {
  readonly method: DeclaredMethod;
  readonly context: RequestContext;
  readonly record: CallRecord;
  readonly share: BodyShare;
  readonly input: Frame;
  readonly notes: readonly string[];
  /** When its params and rows had been read. */
  readonly computingSince: number;
}

/** Codes that every method may throw. */
const COMMON_CODES = new Set(Object.values<ErrorCode>(ERROR_CODES).map(({ code }) => code));

const bytesOf = (columns: readonly Float64Array[]): number =>
  columns.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** The way of one call: body, params, method, response. What fails is thrown before the first byte of the response. */
@Injectable()
export class MethodInterceptor implements NestInterceptor<unknown, void> {
  private readonly logger = new Logger(MethodInterceptor.name);

  constructor(
    private readonly reflector: Reflector,
    private readonly environment: Environment,
    private readonly budget: BodyBudget,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<void> {
    return from(this.call(execution, next));
  }

  /** Without operators of RxJS, each of which costs a small call as much as its rows. */
  private async call(execution: ExecutionContext, next: CallHandler): Promise<void> {
    const method = this.reflector.get<DeclaredMethod>(METHOD, execution.getHandler());
    const http = execution.switchToHttp();
    const [request, response] = [http.getRequest<MethodRequest>(), http.getResponse<Response>()];
    const context = contextOf(response);
    const record = {
      method: method.declaration.paths[0] as string,
      rows: 0,
      receive: 0,
      decode: 0,
      compute: 0,
      encode: 0,
    };
    context.call = record;

    const gone = new AbortController();
    const abort = () => gone.abort(new ClientGoneError('the client went away'));
    response.on('close', abort);
    const share = this.budget.open();
    let input: Frame | undefined;
    try {
      const body = await readBody(request, method.schema, {
        limits: this.environment,
        share,
        context,
        record,
      });
      input = body.frame;
      record.rows = input.length;
      const computingSince = performance.now();
      const notes: string[] = [];
      request.methodCall = {
        params: validateParams(method.declaration.params, body.params),
        frame: input,
        // Made where it is asked for: it costs as much as the rest of the call's record.
        get signal() {
          return gone.signal;
        },
        note: (text) => void notes.push(text),
      };
      const result: unknown = await lastValueFrom(next.handle()).catch((error: unknown) => {
        throw this.declared(error, method, context);
      });
      await this.respond({ method, context, record, share, input, notes, computingSince }, result);
    } finally {
      // Not when the client has the response: the columns are gone, and it may read slowly.
      response.off('close', abort);
      for (const column of input?.columns.values() ?? []) free(column);
      share.release();
    }
  }

  /** An error code that is not declared is a mistake that shows before production, where it is only logged. */
  private declared(error: unknown, method: DeclaredMethod, { id }: RequestContext): unknown {
    if (!(error instanceof KasemError)) return error;
    const { code } = error.errorCode;
    if (COMMON_CODES.has(code) || method.errors.some((one) => one.code === code)) return error;
    const fault = new Error(
      `${method.name} threw the error ${code}, which is not among its declared errors`,
      {
        cause: error,
      },
    );
    if (this.environment.NODE_ENV !== 'production') return fault;
    this.logger.error({ requestId: id, err: fault });
    return error;
  }

  private async respond(
    { method: { name, declaration }, context, record, share, input, notes, computingSince }: CallInProgress,
    result: unknown,
  ): Promise<void> {
    let frame: Frame;
    try {
      frame = resultFrame(declaration, result, input.column(DATE));
      await assertFinite(frame, declaration);
    } catch (error) {
      if (error instanceof KasemError) throw error;
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    } finally {
      record.compute = performance.now() - computingSince;
    }
    const log = logText(await summarize(input), declaration, frame, notes);

    context.error = 0;
    context.response.setHeader('Server-Timing', serverTiming(record));
    // A client may read slowly: what its response does not need is given back before.
    const columns = [...input.columns.values()];
    const needed = [...frame.columns.values()];
    const unneeded = columns.filter(({ buffer }) => needed.every((column) => column.buffer !== buffer));
    share.keep(bytesOf(needed) / bytesOf([...needed, ...unneeded]) || 0);
    for (const column of unneeded) free(column);
    // What the method gave may be its own for longer: only the input's columns are given back at the end.
    await writeResponse(context.response, frame, log, {
      context,
      record,
      missing: this.environment.MISSING_SAMPLES,
    });
  }
}
