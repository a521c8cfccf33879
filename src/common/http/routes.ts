import { match, type MatchFunction } from 'path-to-regexp';

/** A path as it is declared, and the verbs that it takes. */
export interface Route {
  readonly path: string;
  readonly methods: readonly string[];
}

/** The routes that Nest has registered with the adapter. */
export class Routes {
  private readonly byPath = new Map<string, { verbs: Set<string>; matches: MatchFunction<object> }>();

  add(verb: string, path: string): void {
    const route = this.byPath.get(path) ?? { verbs: new Set(), matches: match(path, { decode: false }) };
    this.byPath.set(path, route);
    route.verbs.add(verb);
    // Express gives GET's route to HEAD as well.
    if (verb === 'GET') route.verbs.add('HEAD');
  }

  list(): Route[] {
    return [...this.byPath]
      .map(([path, { verbs }]) => ({ path, methods: [...verbs].sort() }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The verbs that a path takes; none where there is no such path. Matches as Express does. */
  allowed(path: string): string[] {
    const routes = [...this.byPath.values()].filter(({ matches }) => matches(path) !== false);
    return [...new Set(routes.flatMap(({ verbs }) => [...verbs]))].sort();
  }
}
