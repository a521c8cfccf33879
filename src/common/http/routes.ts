import { type IRoute, type RequestHandler } from 'express';
import { match, parse, type MatchFunction } from 'path-to-regexp';

/** The verbs of a route for all of them: those that pages and clients use, without WebDAV's. */
const ALL_VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** A path as it is declared, and the verbs that it takes. */
export interface Route {
  readonly path: string;
  readonly verbs: readonly string[];
}

/** A route that a request reaches without Express's router. */
export interface DirectRoute {
  /** Express's own object of the route: what `request.route` is. */
  readonly route: IRoute;
  readonly handler: RequestHandler;
}

/** What Express comes to on its way: a route, or middleware, which takes every verb. */
interface Layer {
  readonly matches: (path: string) => unknown;
  readonly route?: IRoute;
}

/** The routes that Nest has registered with the adapter, and which of them are direct. */
export class Routes {
  private readonly byPath = new Map<string, { verbs: Set<string>; matches: MatchFunction<object> }>();
  private readonly layers: Layer[] = [];
  /** By verb, then by path. */
  private readonly direct = new Map<string, Map<string, DirectRoute>>();

  /** A route of Nest, behind the layers before. It is direct where its path is fixed and none of them takes it as well. */
  add(verb: string, route: IRoute, handler: RequestHandler): void {
    const { path } = route;
    const known = this.byPath.get(path) ?? { verbs: new Set(), matches: match(path, { decode: false }) };
    this.byPath.set(path, known);
    // Express gives GET's route to HEAD as well.
    const taken = verb === 'ALL' ? ALL_VERBS : verb === 'GET' ? ['GET', 'HEAD'] : [verb];
    for (const one of taken) known.verbs.add(one);

    // A route for all verbs is never found as direct: no request has the verb ALL.
    const isFixed = parse(path).tokens.every(({ type }) => type === 'text');
    const isFirst = this.layers.every((layer) => layer.route === route || !takes(layer, verb, path));
    if (!isFixed || !isFirst) return;
    const routes = this.direct.get(verb) ?? new Map<string, DirectRoute>();
    this.direct.set(verb, routes.set(plainPath(path), { route, handler }));
  }

  /** The next layer of Express. */
  addLayer(path: unknown, route?: IRoute): void {
    // A list of paths, or a RegExp, counts as all of them: a route behind it takes the longer way for nothing.
    const isAll = typeof path !== 'string' || (path === '/' && route === undefined);
    const matches = isAll
      ? () => true
      : match(path.replace(/(?!^)\/+$/, ''), { end: route !== undefined, decode: false });
    this.layers.push({ matches, route });
  }

  /** The direct route that Express would match as well. */
  find(verb: string, url: string): DirectRoute | undefined {
    const routes = this.direct.get(verb);
    return routes?.get(url) ?? routes?.get(plainPath(url));
  }

  list(): Route[] {
    return [...this.byPath]
      .map(([path, { verbs }]) => ({ path, verbs: [...verbs].sort() }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The verbs that a path takes; none where there is no such path. Matches as Express does. */
  allowed(path: string): string[] {
    const routes = [...this.byPath.values()].filter(({ matches }) => matches(path) !== false);
    return [...new Set(routes.flatMap(({ verbs }) => [...verbs]))].sort();
  }
}

/** Whether a route of Express takes a verb. HEAD goes to a route for GET as well. */
export function handles(route: IRoute | undefined, verb: string): boolean {
  const { methods: has } = (route ?? { methods: {} }) as { methods: Readonly<Record<string, boolean>> };
  return has._all === true || has[verb.toLowerCase()] === true || (verb === 'HEAD' && has.get === true);
}

const takes = ({ matches, route }: Layer, verb: string, path: string): boolean =>
  matches(path) !== false && (route === undefined || handles(route, verb));

/** As Express matches paths: without the query, the slash at the end, and regard to case. */
const plainPath = (url: string): string =>
  (url.split('?', 1)[0] as string).toLowerCase().replace(/(?!^)\/$/, '');
