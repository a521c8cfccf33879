import { Injectable, Logger, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Environment } from '../config/environment.js';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';
import { contextOf, serverTiming, type RequestContext } from '../http/request-context.js';
import { type DecodedBody } from '../frame/frame-decoder.js';
import { DATE, type Frame } from '../frame/frame.js';
import { free, isShort } from '../free.js';
import { writeResponse } from './response-writer.js';
import { BodyBudget, type BodyShare } from './body-budget.js';
import { ClientGoneError, readBody } from './body-reader.js';
import { CallFrame } from './call-frame.js';
import { MethodThreads } from './method-threads.js';
import { faultsOfError } from './methods.js';
import { METHOD, mountedPaths, type DeclaredMethod, type MethodRequest } from './method-declaration.js';
import { validateParams } from './params.js';
import { assertFinite, logText, resultFrame, summarize } from './result.js';

/** One call whose body has been read. */
interface CallInProgress {
  readonly method: DeclaredMethod;
  readonly request: MethodRequest;
  readonly context: RequestContext;
  readonly body: DecodedBody;
  /** For the call's signal. */
  readonly ended: AbortController;
}

/** Errors that every method may throw. */
const COMMON_ERRORS = Object.values<ErrorCode>(ERROR_CODES);

const bytesOf = (columns: readonly Float64Array[]): number =>
  columns.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Handles a call: body, params, method, response. Any failure is thrown before the first byte of the response. */
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

  /** Uses no operators of RxJS: each costs as much as the rows of a small call. */
  private async call(execution: ExecutionContext, next: CallHandler): Promise<void> {
    const method = this.reflector.get<DeclaredMethod>(METHOD, execution.getHandler());
    const http = execution.switchToHttp();
    const [request, response] = [http.getRequest<MethodRequest>(), http.getResponse<Response>()];
    const context = contextOf(response);
    if (context.call !== undefined) throw new Error('an interceptor called a method twice: its body can be read once');
    const record = {
      method: (mountedPaths(execution.getClass(), method.declaration)[0] as string).slice(1),
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
      const start = performance.now();
      const { frame, log } = await this.compute({ method, request, context, body, ended }, next).finally(
        () => (record.compute = performance.now() - start),
      );
      context.error = 0;
      response.setHeader('Server-Timing', serverTiming(record));
      releaseUnneeded(input, frame, share);
      // The method may keep the columns of its result, so only those of the input are freed at the end.
      await writeResponse(response, frame, log, {
        context,
        record,
        missing: this.environment.MISSING_SAMPLES,
      });
    } finally {
      // Runs when the response is encoded, not when the client has read it.
      response.off('close', abort);
      for (const column of input?.columns.values() ?? []) free(column);
      share.release();
    }
  }

  /** Computes the response's frame and its `log` from a body. */
  private async compute(
    call: CallInProgress,
    next: CallHandler,
  ): Promise<{ readonly frame: Frame; readonly log: string }> {
    const { method, request, body } = call;
    const { name, declaration, schema } = method;
    const notes: string[] = [];
    const params = validateParams(declaration.params, body.params);
    // Comes before the method, which may transfer its columns to a thread.
    const summary = await summarize(body.frame, schema.optional);
    request.methodCall = this.callOf(call, params, notes);
    const result = await this.inTime(call, next).catch((error: unknown) => {
      throw this.declared(error, call);
    });
    try {
      const frame = resultFrame(declaration, result, body.frame.column(DATE));
      await assertFinite(frame, declaration);
      return { frame, log: logText(summary, declaration, frame, notes) };
    } catch (error) {
      if (error instanceof KasemError) throw error;
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
  }

  private callOf(
    { method: { declaration, schema }, body: { frame }, ended }: CallInProgress,
    params: object,
    notes: string[],
  ): NonNullable<MethodRequest['methodCall']> {
    const { threads } = this;
    return {
      params,
      frame: declaration.rows === 'own' ? frame : new CallFrame(frame, schema.optional),
      // On demand, since few methods need the signal. Whoever uses a thread does, so the buffers can be registered here.
      get signal() {
        threads.own(frame);
        return ended.signal;
      },
      note: (text) => void notes.push(text),
    };
  }

  /**
   * Runs the handler until its deadline. A handler that holds the event loop past it ends before the timer can fire, and its
   * result counts.
   */
  private async inTime({ method, context, ended }: CallInProgress, next: CallHandler): Promise<unknown> {
    const { METHOD_TIMEOUT_MS } = this.environment;
    const start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => {
          const error = new KasemError(
            'METHOD_TIMEOUT',
            `the method did not finish within ${METHOD_TIMEOUT_MS} milliseconds`,
          );
          ended.abort(error);
          reject(error);
        }, METHOD_TIMEOUT_MS);
        lastValueFrom(next.handle()).then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      const ms = performance.now() - start;
      if (ms > METHOD_TIMEOUT_MS && !(ended.signal.reason instanceof KasemError))
        this.logger.warn({
          requestId: context.id,
          msg: `${method.name} held the event loop for ${Math.round(ms)} milliseconds, past METHOD_TIMEOUT_MS=${METHOD_TIMEOUT_MS}`,
        });
    }
  }

  /**
   * Turns an undeclared error into INTERNAL, so that the mistake shows. In production the error is sent, and the mistake only
   * logged, unless its code is not for methods: 0 would be success.
   */
  private declared(error: unknown, { method, context }: CallInProgress): unknown {
    if (!(error instanceof KasemError)) return error;
    const { code, status } = error.errorCode;
    // By value: an error from a thread is a copy.
    if ([...COMMON_ERRORS, ...method.errors].some((one) => one.code === code && one.status === status)) return error;
    const fault = new Error(`${method.name} threw the error ${code}, which is not among its declared errors`, {
      cause: error,
    });
    const isForMethods = [...faultsOfError(error.errorCode)].length === 0;
    if (this.environment.NODE_ENV !== 'production' || !isForMethods) return fault;
    this.logger.error({ requestId: context.id, err: fault });
    return error;
  }
}

/** Frees the columns that the response does not need before it is written, since a client may read slowly. */
function releaseUnneeded(input: Frame, frame: Frame, share: BodyShare): void {
  if (isShort(bytesOf([...input.columns.values()]))) return;
  const needed = [...frame.columns.values()];
  // By buffer, since a column of the result may be a view of a column of the input.
  const unneeded = [...input.columns.values()].filter(({ buffer }) =>
    needed.every((column) => column.buffer !== buffer),
  );
  // Without rows this is 0 / 0.
  share.keep(bytesOf(needed) / bytesOf([...needed, ...unneeded]) || 0);
  for (const column of unneeded) free(column);
}
