import { type IRoute, type RequestHandler } from 'express';
import { match, parse, type MatchFunction } from 'path-to-regexp';

/** The verbs of a route for all verbs: those that pages and clients use, without WebDAV's. */
const ALL_VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** A path as it is declared, and its verbs. */
export interface Route {
  readonly path: string;
  readonly verbs: readonly string[];
}

/** A route that a request reaches without Express's router. */
export interface DirectRoute {
  /** Express's object of the route, for `request.route`. */
  readonly route: IRoute;
  readonly handler: RequestHandler;
}

/** A layer of Express's router: a route, or middleware, which takes every verb. */
interface Layer {
  readonly matches: (path: string) => unknown;
  readonly route?: IRoute;
}

/** The routes that Nest has registered with the adapter, and which of them are direct. */
export class Routes {
  private readonly byPath = new Map<string, { verbs: Set<string>; matches: MatchFunction<object> }>();
  private readonly layers: Layer[] = [];
  /** The number of layers before Nest's last ones, which refuse all requests. */
  private reachable = Infinity;
  /** By verb, then by path. */
  private readonly direct = new Map<string, Map<string, DirectRoute>>();

  /** Adds a route of Nest after the layers so far. It is direct if its path is fixed and none of those layers takes it too. */
  add(verb: string, route: IRoute, handler: RequestHandler): void {
    const { path } = route;
    const known = this.byPath.get(path) ?? { verbs: new Set(), matches: match(path, { decode: false }) };
    this.byPath.set(path, known);
    // Express uses a route for GET for HEAD too.
    const taken = verb === 'ALL' ? ALL_VERBS : verb === 'GET' ? ['GET', 'HEAD'] : [verb];
    for (const one of taken) known.verbs.add(one);

    // A route for all verbs is never direct: no request has the verb ALL.
    const fixed = fixedPath(path);
    if (fixed === undefined) return;
    if (this.layers.some((layer) => layer.route !== route && takes(layer, verb, fixed))) return;
    const routes = this.direct.get(verb) ?? new Map<string, DirectRoute>();
    this.direct.set(verb, routes.set(plainPath(fixed), { route, handler }));
  }

  /** Adds middleware before all layers, so no route stays direct. */
  addFirstLayer(): void {
    this.direct.clear();
    this.addLayer('/');
  }

  /** Adds the next layer of Express. */
  addLayer(path: unknown, route?: IRoute): void {
    // A list of paths or a RegExp counts as all paths. Routes after it go through Express, even if they need not.
    const isAll = typeof path !== 'string' || (path === '/' && route === undefined);
    const matches = isAll
      ? () => true
      : match(path.replace(/(?!^)\/+$/, ''), { end: route !== undefined, decode: false });
    this.layers.push({ matches, route });
  }

  /** The direct route that Express would match too. */
  find(verb: string, url: string): DirectRoute | undefined {
    const routes = this.direct.get(verb);
    return routes?.get(url) ?? routes?.get(plainPath(url));
  }

  /** No layer that follows is ever reached. */
  end(): void {
    this.reachable = this.layers.length;
  }

  /** Whether middleware, or a route that Nest has not registered, takes a path. */
  hasMiddleware(path: string): boolean {
    return this.layers.slice(0, this.reachable).some(({ matches }) => matches(path) !== false);
  }

  list(): Route[] {
    return [...this.byPath]
      .map(([path, { verbs }]) => ({ path, verbs: [...verbs].sort() }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The verbs of a path, matched as Express does; empty if there is no such path. */
  allowed(path: string): string[] {
    const routes = [...this.byPath.values()].filter(({ matches }) => matches(path) !== false);
    return [...new Set(routes.flatMap(({ verbs }) => [...verbs]))].sort();
  }
}

/** Whether a route of Express takes a verb. A route for GET takes HEAD too. */
function handles(route: IRoute, verb: string): boolean {
  const { methods: has } = route as unknown as { methods: Readonly<Record<string, boolean>> };
  return has._all === true || has[verb.toLowerCase()] === true || (verb === 'HEAD' && has.get === true);
}

/** Whether a layer takes a path, even if only with a trailing slash, as `/method/{*rest}` does. */
const takes = ({ matches, route }: Layer, verb: string, path: string): boolean =>
  [path, `${path}/`].some((one) => matches(one) !== false) && (route === undefined || handles(route, verb));

/** The only text that a path matches; undefined if it matches several. */
function fixedPath(path: string): string | undefined {
  const texts = parse(path).tokens.map((token) => (token.type === 'text' ? token.value : undefined));
  return texts.includes(undefined) ? undefined : texts.join('');
}

/** A path as Express compares it: in lower case, without query and trailing slash. */
const plainPath = (url: string): string => (url.split('?', 1)[0] as string).toLowerCase().replace(/(?!^)\/$/, '');
