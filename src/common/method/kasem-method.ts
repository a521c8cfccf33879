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
      // Asking for the response tells Nest that the response is written here, in pieces, and not by Nest.
      Res()(controller, name, 1);
    },
  );
}
