import {
  applyDecorators,
  createParamDecorator,
  HttpCode,
  Post,
  SetMetadata,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
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
    applyDecorators(
      Post([...declaration.paths]),
      HttpCode(200),
      SetMetadata(METHOD, method),
      UseInterceptors(MethodInterceptor),
      ApiMethod(method),
    )(controller, name, descriptor);
  };
}
