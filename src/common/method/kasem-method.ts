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
import { ApiMethod } from './method-api.js';
import {
  inputNames,
  METHOD,
  optionalNames,
  type DeclaredMethod,
  type MethodCall,
  type MethodDeclaration,
  type MethodRequest,
  type MethodResult,
} from './method-declaration.js';
import { MethodInterceptor } from './method.interceptor.js';
import { errorsOfRules, paramNames } from './params.js';

export { declareMethod, type MethodCall, type MethodExample, type MethodResult } from './method-declaration.js';

const Call = createParamDecorator(
  (_, context: ExecutionContext) => context.switchToHttp().getRequest<MethodRequest>().methodCall,
);

/** The function of a method: its first parameter is the call; others may follow, each with a parameter decorator. */
type Handler<D extends MethodDeclaration> = (
  call: MethodCall<D>,
  ...others: never[]
) => MethodResult<D> | Promise<MethodResult<D>>;

/** Makes a controller's function the handler of a method. Its first parameter is the call. */
export function KasemMethod<D extends MethodDeclaration>(declaration: D) {
  return <F extends Handler<D>>(controller: object, name: string, descriptor: TypedPropertyDescriptor<F>): void => {
    const { name: className } = controller.constructor;
    const method: DeclaredMethod = {
      name: `${className}.${name}`,
      declaration,
      schema: {
        params: paramNames(declaration.params),
        series: inputNames(declaration),
        optional: optionalNames(declaration),
      },
      errors: [...new Set([...(declaration.errors ?? []), ...errorsOfRules(declaration.params)])],
    };
    Call()(controller, name, 0);
    // `@Res()` turns off Nest's own response. Its index is behind the handler's parameters, so the handler never sees it.
    Res()(controller, name, nextParameter(controller, name));
    applyDecorators(
      Post([...declaration.paths]),
      HttpCode(200),
      SetMetadata(METHOD, method),
      UseInterceptors(MethodInterceptor),
      ApiMethod(method),
    )(controller, name, descriptor);
  };
}

/** The first index after the decorated parameters of a handler, which Nest keeps under ROUTE_ARGS_METADATA. */
function nextParameter(controller: object, name: string): number {
  const parameters = Object.values(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller.constructor, name) ?? {}) as Record<
      string,
      { readonly index: number }
    >,
  );
  return 1 + Math.max(...parameters.map(({ index }) => index));
}
