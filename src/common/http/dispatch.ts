import { IncomingMessage, ServerResponse, type ServerOptions } from 'node:http';
import {
  type Express,
  type IRoute,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { type DirectRoute, type Routes } from './routes.js';

/** The functions of Express that register a route. `all` registers it for every verb. */
export type Verb = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options' | 'all';

/** A request that middleware or a direct route passed on to Express: the error, if any, and the routes that Express must skip. */
interface PassedOn {
  readonly error: unknown;
  /** The number of Nest's routes to skip: the direct route, and those before it. */
  readonly routes: number;
}

/** Request targets that Express misreads or throws at: with repeated slashes, a host or a fragment. */
const UNUSUAL = /\/\/|#/;

/**
 * Passes each request to its handler: straight if the route is direct, otherwise through Express, which costs as much as all
 * the rest of a small request. The handler's arguments, and the effect of `next`, are the same on both ways.
 */
export class Dispatch {
  /** Classes with Express's prototypes, which Express would otherwise set on each request. */
  readonly classes: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>;
  private readonly first: RequestHandler[] = [];
  private readonly passedOn = new WeakMap<Request, PassedOn>();
  private readonly registered: IRoute[] = [];

  constructor(
    private readonly express: Express,
    private readonly routes: Routes,
  ) {
    class ExpressRequest extends IncomingMessage {}
    class ExpressResponse<T extends IncomingMessage> extends ServerResponse<T> {}
    express.request = Object.setPrototypeOf(ExpressRequest.prototype, express.request) as Request;
    express.response = Object.setPrototypeOf(ExpressResponse.prototype, express.response) as Response;
    this.classes = { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };

    express.use((request, _, next) => next(this.passedOn.get(request)?.error));
    this.watchLayers();
  }

  /** Adds middleware that runs on each request before it is dispatched. */
  useFirst(...handlers: RequestHandler[]): void {
    this.first.push(...handlers);
  }

  /** Registers a route of Nest, also in Express. */
  register(verb: Verb, path: string, handler: RequestHandler): void {
    const route = this.express.route(path);
    const place = this.registered.push(route);
    route[verb]((request, response, next) =>
      place <= (this.passedOn.get(request)?.routes ?? 0) ? next() : handler(request, response, next),
    );
    this.routes.add(verb.toUpperCase(), route, handler);
  }

  /** The server's request listener. */
  readonly handle = (request: Request, response: Response): void => {
    if (UNUSUAL.test(request.url)) tidyTarget(request);
    // Express sets these properties too.
    request.originalUrl = request.url;
    request.baseUrl = '';
    request.params = Object.create(null) as Request['params'];
    request.res = response;
    response.locals = Object.create(null) as Response['locals'];
    this.runFirst(0, request, response);
  };

  private runFirst(index: number, request: Request, response: Response): void {
    const handler = this.first[index];
    if (handler === undefined) return this.choose(request, response);
    const next: NextFunction = (error?: unknown) => {
      if (error) this.passOn(request, response, { error, routes: 0 });
      else this.runFirst(index + 1, request, response);
    };
    try {
      void handler(request, response, next);
    } catch (error) {
      next(error);
    }
  }

  private choose(request: Request, response: Response): void {
    const direct = this.routes.find(request.method, request.url);
    if (direct === undefined) this.express(request, response);
    else void this.runDirect(direct, request, response);
  }

  private async runDirect({ route, handler }: DirectRoute, request: Request, response: Response): Promise<void> {
    const next: NextFunction = (error?: unknown) =>
      this.passOn(request, response, { error, routes: this.registered.indexOf(route) + 1 });
    request.route = route;
    request.next = next;
    try {
      await handler(request, response, next);
    } catch (error) {
      // As Express does: a falsy error would count as none.
      next(error || new Error('Rejected promise'));
    }
  }

  /** Lets Express go on after the route, or with its error handlers. */
  private passOn(request: Request, response: Response, passedOn: PassedOn): void {
    this.passedOn.set(request, passedOn);
    this.express(request, response);
  }

  /** Tells `routes` of each layer. `use` and `route` of Express's router make all of them, whoever calls: Nest or a developer. */
  private watchLayers(): void {
    const { routes } = this;
    const { router } = this.express;
    const [use, route] = [router.use.bind(router), router.route.bind(router)] as const;
    router.use = ((...args: Parameters<typeof use>) => {
      routes.addLayer(args[0]);
      return use(...args);
    }) as typeof router.use;
    router.route = (path: string) => {
      const made = route(path);
      routes.addLayer(path, made);
      return made;
    };
  }
}

/** Reduces the target to path and query. The host of `http://host/path` replaces Host (RFC 9112, section 3.2.2). */
function tidyTarget(request: Request): void {
  const [target = ''] = request.url.split('#', 1);
  const [origin = '', host] = /^[a-z]+:\/\/([^/?]*)/i.exec(target) ?? [];
  if (host !== undefined) request.headers.host = host;
  request.url = target.slice(origin.length).replace(/^[^?]*/, (path) => `/${path}`.replace(/\/{2,}/g, '/'));
}
