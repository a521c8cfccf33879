import { type Request } from 'express';

/** What is used of Express's router, https://github.com/pillarjs/router. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** A path as it is declared, and the verbs that it takes, in capitals. */
export interface Route {
  readonly path: string;
  readonly methods: readonly string[];
}

/** Every route of the application that the request came to, by path. */
export function allRoutes(request: Request): Route[] {
  const layers = layersOf(request);
  const paths = new Set(layers.flatMap(({ route }) => route?.path ?? []));
  return [...paths]
    .sort()
    .map((path) => ({ path, methods: methodsOf(layers.filter(({ route }) => route?.path === path)) }));
}

/** The verbs that the path of a request takes, in capitals; none where there is no such path. */
export function allowedMethods(request: Request): string[] {
  return methodsOf(layersOf(request).filter((layer) => layer.match(request.path)));
}

function methodsOf(layers: readonly Layer[]): string[] {
  const methods = layers.flatMap(({ route }) => Object.keys(route?.methods ?? {}));
  if (methods.includes('get')) methods.push('head');
  return [...new Set(methods.map((method) => method.toUpperCase()))].sort();
}

const layersOf = (request: Request): Layer[] =>
  (request.app.router as unknown as { stack: Layer[] }).stack.filter(({ route }) => route !== undefined);
