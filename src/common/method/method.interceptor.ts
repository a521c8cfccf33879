import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Response } from 'express';
import { mergeMap, type Observable } from 'rxjs';
import { DATE, Frame } from '../frame/frame.js';
import { writeAnswer } from './answer-writer.js';
import { BodyLimits, readBody } from './body-reader.js';
import {
  METHOD_DECLARATION,
  type DeclaredMethod,
  type MethodRequest,
  type MethodResult,
} from './method-declaration.js';
import { validateParams } from './params.js';
import { assertNoOverflow, summarize } from './result.js';

/** The way of one call: body, params, method, answer. What fails is thrown before the first byte of the answer. */
@Injectable()
export class MethodInterceptor implements NestInterceptor<MethodResult, void> {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: BodyLimits,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<MethodResult>): Promise<Observable<void>> {
    const method = this.reflector.get<DeclaredMethod>(METHOD_DECLARATION, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<MethodRequest>();

    const body = await readBody(request, method.schema, this.limits);
    request.methodCall = { params: validateParams(method.params, body.params), frame: body.frame };

    return next
      .handle()
      .pipe(mergeMap((result) => this.answer(http.getResponse<Response>(), method, body.frame, result)));
  }

  private async answer(
    response: Response,
    method: DeclaredMethod,
    input: Frame,
    result: MethodResult,
  ): Promise<void> {
    const outputs = method.outputs.map((name): [string, Float64Array] => [
      name,
      result[name] as Float64Array,
    ]);
    for (const [name, column] of outputs) await assertNoOverflow(name, column);
    const frame = new Frame(new Map([[DATE, input.column(DATE)], ...outputs]));
    await writeAnswer(response, frame, await summarize(input));
  }
}
