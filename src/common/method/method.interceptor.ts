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
import { MethodThreads } from './method-threads.js';
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
  /** Of its input, for `log`. */
  readonly summary: string;
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
    private readonly threads: MethodThreads,
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

    const ended = new AbortController();
    const abort = () => ended.abort(new ClientGoneError('the client went away'));
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
      const params = validateParams(method.declaration.params, body.params);
      // Before the method, which may give its columns to a thread.
      const summary = await summarize(input);
      this.threads.own(input);
      request.methodCall = {
        params,
        frame: input,
        // Made where it is asked for: it costs as much as the rest of the call's record.
        get signal() {
          return ended.signal;
        },
        note: (text) => void notes.push(text),
      };
      const result = await this.inTime(next, method, context, ended).catch((error: unknown) => {
        throw this.declared(error, method, context);
      });
      await this.respond({ method, context, record, share, input, summary, notes, computingSince }, result);
    } finally {
      // Runs when the response is encoded, not when the client has read it.
      response.off('close', abort);
      for (const column of input?.columns.values() ?? []) free(column);
      share.release();
    }
  }

  /**
   * Runs the handler until its deadline. A handler that held the event loop past it ends before the timer can fire: what it gives
   * is as good as ever.
   */
  private async inTime(
    next: CallHandler,
    { name }: DeclaredMethod,
    { id }: RequestContext,
    ended: AbortController,
  ): Promise<unknown> {
    const { METHOD_TIMEOUT_MS } = this.environment;
    const start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new KasemError(
          'METHOD_TIMEOUT',
          `the method did not finish within ${METHOD_TIMEOUT_MS} milliseconds`,
        );
        ended.abort(error);
        reject(error);
      }, METHOD_TIMEOUT_MS);
    });
    try {
      return await Promise.race([lastValueFrom(next.handle()), deadline]);
    } finally {
      clearTimeout(timer);
      const ms = performance.now() - start;
      if (ms > METHOD_TIMEOUT_MS && !(ended.signal.reason instanceof KasemError))
        this.logger.warn({
          requestId: id,
          msg: `${name} held the event loop for ${Math.round(ms)} milliseconds, past METHOD_TIMEOUT_MS=${METHOD_TIMEOUT_MS}`,
        });
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
    {
      method: { name, declaration },
      context,
      record,
      share,
      input,
      summary,
      notes,
      computingSince,
    }: CallInProgress,
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
    const log = logText(summary, declaration, frame, notes);

    context.error = 0;
    context.response.setHeader('Server-Timing', serverTiming(record));
    releaseUnneeded(input, frame, share);
    // What the method gave may be its own for longer: only the input's columns are given back at the end.
    await writeResponse(context.response, frame, log, {
      context,
      record,
      missing: this.environment.MISSING_SAMPLES,
    });
  }
}

/** Gives back what the response does not need before it is written, since a client may read slowly. */
function releaseUnneeded(input: Frame, frame: Frame, share: BodyShare): void {
  const needed = [...frame.columns.values()];
  // By buffer, since a column of the result may be a view of a column of the input.
  const unneeded = [...input.columns.values()].filter(({ buffer }) =>
    needed.every((column) => column.buffer !== buffer),
  );
  // Without rows this is 0 / 0.
  share.keep(bytesOf(needed) / bytesOf([...needed, ...unneeded]) || 0);
  for (const column of unneeded) free(column);
}
