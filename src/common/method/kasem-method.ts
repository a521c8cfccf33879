import {
  applyDecorators,
  createParamDecorator,
  HttpCode,
  Post,
  Res,
  SetMetadata,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { MAX_COLUMNS } from '../frame/frame.js';
import { METHOD_DECLARATION, type MethodDeclaration, type MethodRequest } from './method-declaration.js';
import { ApiMethod } from './method-api.js';
import { MethodInterceptor } from './method.interceptor.js';
import { paramNames } from './params.js';

export { type MethodCall, type MethodExample, type MethodResult } from './method-declaration.js';

const Call = createParamDecorator(
  (_, context: ExecutionContext) => context.switchToHttp().getRequest<MethodRequest>().methodCall,
);

/** Makes a controller's function `(call: MethodCall<Params>) => MethodResult` the method of an algorithm endpoint. */
export function KasemMethod<Params extends object>(declaration: MethodDeclaration<Params>) {
  for (const key of ['inputs', 'outputs'] as const)
    if (declaration[key].length >= MAX_COLUMNS)
      throw new RangeError(
        `${key}: expected at most ${MAX_COLUMNS - 1} series, got ${declaration[key].length}`,
      );
  return applyDecorators(
    Post(declaration.paths),
    HttpCode(200),
    SetMetadata(METHOD_DECLARATION, {
      ...declaration,
      schema: { params: paramNames(declaration.params), series: declaration.inputs },
    }),
    UseInterceptors(MethodInterceptor),
    ApiMethod(declaration),
    (controller: object, name: string | symbol) => {
      Call()(controller, name, 0);
      // Asking for the response tells Nest that it is written here, in pieces; behind the handler's own parameters.
      Res()(controller, name, nextParameter(controller, name));
    },
  );
}

/** The first index behind the parameters that a handler has decorators for. */
function nextParameter(controller: object, name: string | symbol): number {
  const parameters = Object.values(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller.constructor, name) ?? {}) as Record<
      string,
      { readonly index: number }
    >,
  );
  return 1 + Math.max(...parameters.map(({ index }) => index));
}
