import { match } from 'path-to-regexp';

/** A path as it is declared, and the verbs that it takes. */
export interface Route {
  readonly path: string;
  readonly methods: readonly string[];
}

/** The routes that Nest has registered with the adapter. */
export class Routes {
  private readonly verbs = new Map<string, Set<string>>();

  add(verb: string, path: string): void {
    const verbs = this.verbs.get(path) ?? new Set();
    this.verbs.set(path, verbs.add(verb));
    // Express gives GET's route to HEAD as well.
    if (verb === 'GET') verbs.add('HEAD');
  }

  list(): Route[] {
    return [...this.verbs]
      .map(([path, verbs]) => ({ path, methods: [...verbs].sort() }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The verbs that a path takes; none where there is no such path. Matches as Express does. */
  allowed(path: string): string[] {
    const routes = this.list().filter((route) => match(route.path, { decode: false })(path) !== false);
    return [...new Set(routes.flatMap(({ methods }) => methods))].sort();
  }
}
