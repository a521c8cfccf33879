import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Response } from 'express';
import { defer, finalize, mergeMap, type Observable } from 'rxjs';
import { Environment } from '../config/environment.js';
import { contextOf, serverTiming, type CallRecord, type RequestContext } from '../http/request-context.js';
import { DATE, Frame } from '../frame/frame.js';
import { free } from '../frame/free.js';
import { writeResponse } from './response-writer.js';
import { BodyBudget, type BodyShare } from './body-budget.js';
import { readBody } from './body-reader.js';
import {
  METHOD_DECLARATION,
  type DeclaredMethod,
  type MethodRequest,
  type MethodResult,
} from './method-declaration.js';
import { validateParams } from './params.js';
import { assertNoOverflow, outputColumns, summarize } from './result.js';

/** One call while it is computed and its response written. */
interface CallInProgress {
  readonly method: DeclaredMethod;
  readonly context: RequestContext;
  readonly record: CallRecord;
  readonly share: BodyShare;
  readonly input: Frame;
  /** When its params and rows had been read. */
  readonly computingSince: number;
}

const bytesOf = (columns: readonly Float64Array[]): number =>
  columns.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** The way of one call: body, params, method, response. What fails is thrown before the first byte of the response. */
@Injectable()
export class MethodInterceptor implements NestInterceptor<MethodResult, void> {
  constructor(
    private readonly reflector: Reflector,
    private readonly environment: Environment,
    private readonly budget: BodyBudget,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler<MethodResult>): Observable<void> {
    const method = this.reflector.get<DeclaredMethod>(METHOD_DECLARATION, execution.getHandler());
    const http = execution.switchToHttp();
    const [request, response] = [http.getRequest<MethodRequest>(), http.getResponse<Response>()];
    const context = contextOf(response);
    const record = {
      method: method.paths[0] as string,
      rows: 0,
      receive: 0,
      decode: 0,
      compute: 0,
      encode: 0,
    };
    context.call = record;

    const share = this.budget.open();
    let input: Frame | undefined;
    const receive = async (): Promise<CallInProgress> => {
      const body = await readBody(request, method.schema, {
        limits: this.environment,
        share,
        context,
        record,
      });
      input = body.frame;
      record.rows = input.length;
      const computingSince = performance.now();
      request.methodCall = { params: validateParams(method.params, body.params), frame: input };
      return { method, context, record, share, input, computingSince };
    };
    return defer(receive).pipe(
      mergeMap((call) => next.handle().pipe(mergeMap((result) => this.respond(call, result)))),
      // Not when the client has the response: the columns are gone, and it may read slowly.
      finalize(() => {
        for (const column of input?.columns.values() ?? []) free(column);
        share.release();
      }),
    );
  }

  private async respond(
    { method, context, record, share, input, computingSince }: CallInProgress,
    result: MethodResult,
  ): Promise<void> {
    const outputs = outputColumns(method.outputs, result, input.length);
    try {
      for (const [name, column] of outputs) await assertNoOverflow(name, column);
    } finally {
      record.compute = performance.now() - computingSince;
    }
    const frame = new Frame(new Map([[DATE, input.column(DATE)], ...outputs]));
    const log = await summarize(input);

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
