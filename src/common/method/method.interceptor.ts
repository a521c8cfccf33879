import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Response } from 'express';
import { mergeMap, type Observable } from 'rxjs';
import { exchangeOf, serverTiming, type CallRecord, type Exchange } from '../exchange/exchange.js';
import { DATE, Frame } from '../frame/frame.js';
import { free } from '../frame/free.js';
import { writeAnswer } from './answer-writer.js';
import { BodyBudget } from './body-budget.js';
import { readBody } from './body-reader.js';
import { MethodLimits } from './method-limits.js';
import {
  METHOD_DECLARATION,
  type DeclaredMethod,
  type MethodRequest,
  type MethodResult,
} from './method-declaration.js';
import { validateParams } from './params.js';
import { assertNoOverflow, outputColumns, summarize } from './result.js';

/** One call while it is answered. */
interface Answering {
  readonly method: DeclaredMethod;
  readonly exchange: Exchange;
  readonly record: CallRecord;
  readonly input: Frame;
  /** When its params and rows had been read. */
  readonly computingSince: number;
}

/** The way of one call: body, params, method, answer. What fails is thrown before the first byte of the answer. */
@Injectable()
export class MethodInterceptor implements NestInterceptor<MethodResult, void> {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: MethodLimits,
    private readonly budget: BodyBudget,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<MethodResult>): Promise<Observable<void>> {
    const method = this.reflector.get<DeclaredMethod>(METHOD_DECLARATION, context.getHandler());
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<MethodRequest>(), http.getResponse<Response>()];
    const exchange = exchangeOf(response);
    const record = {
      method: method.paths[0] as string,
      rows: 0,
      receive: 0,
      decode: 0,
      compute: 0,
      encode: 0,
    };
    exchange.call = record;

    const share = this.budget.open();
    response.once('close', () => share.release());
    const body = await readBody(request, method.schema, { limits: this.limits, share, exchange, record });
    record.rows = body.frame.length;
    const computingSince = performance.now();
    request.methodCall = { params: validateParams(method.params, body.params), frame: body.frame };

    const answering = { method, exchange, record, input: body.frame, computingSince };
    return next.handle().pipe(mergeMap((result) => this.answer(answering, result)));
  }

  private async answer(
    { method, exchange, record, input, computingSince }: Answering,
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

    exchange.error = 0;
    exchange.response.setHeader('Server-Timing', serverTiming(record));
    await writeAnswer(exchange.response, frame, log, { exchange, record });
    // What the method gave may be its own for longer.
    for (const column of input.columns.values()) free(column);
  }
}
