import { IncomingMessage, ServerResponse, type ServerOptions } from 'node:http';
import { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { type DirectRoute, type Routes } from './routes.js';

/** Functions of Express that register a route; `all` takes every verb. */
export type Verb = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options' | 'all';

/** Why Express gets a request that has been handled before: an error, or a handler that passed it on. */
interface PassedOn {
  readonly error: unknown;
  readonly handler?: RequestHandler;
}

/**
 * The two ways of a request to its handler: a direct route has it at once, everything else goes through Express, which costs
 * as much as all the rest of a small request. What a handler is given, and what `next` does, is the same on both.
 */
export class Dispatch {
  /** Classes on Express's prototypes, which Express would have to set for each request. */
  readonly classes: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>;
  private readonly first: RequestHandler[] = [];
  private readonly passedOn = new WeakMap<Request, PassedOn>();

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

  /** Adds middleware that each request meets before its way is chosen. */
  useFirst(...handlers: RequestHandler[]): void {
    this.first.push(...handlers);
  }

  /** Registers a route of Nest, with Express as well. */
  register(verb: Verb, path: string, handler: RequestHandler): void {
    const route = this.express.route(path);
    route[verb]((request, response, next) =>
      this.passedOn.get(request)?.handler === handler ? next() : handler(request, response, next),
    );
    this.routes.add(verb.toUpperCase(), route, handler);
  }

  /** Takes a request from Node. */
  readonly handle = (request: Request, response: Response): void => {
    // What Express sets. Of its own accord it takes `//method` for another path.
    if (request.url.includes('//')) request.url = request.url.replace(/^\/[^?]*/, withoutRepeatedSlashes);
    request.originalUrl = request.url;
    request.baseUrl = '';
    request.params = {};
    request.res = response;
    response.locals = {};
    this.runFirst(0, request, response);
  };

  private runFirst(index: number, request: Request, response: Response): void {
    const handler = this.first[index];
    if (handler === undefined) return this.choose(request, response);
    void handler(request, response, (error?: unknown) => {
      if (error === undefined) this.runFirst(index + 1, request, response);
      else this.passOn(request, response, { error });
    });
  }

  private choose(request: Request, response: Response): void {
    const direct = this.routes.find(request.method, request.url);
    if (direct === undefined) this.express(request, response);
    else void this.runDirect(direct, request, response);
  }

  private async runDirect(
    { route, handler }: DirectRoute,
    request: Request,
    response: Response,
  ): Promise<void> {
    const next: NextFunction = (error?: unknown) => this.passOn(request, response, { error, handler });
    request.route = route;
    request.next = next;
    try {
      await handler(request, response, next);
    } catch (error) {
      next(error);
    }
  }

  /** Express goes on behind the handler, or with what handles errors. */
  private passOn(request: Request, response: Response, passedOn: PassedOn): void {
    this.passedOn.set(request, passedOn);
    this.express(request, response);
  }

  /** All layers are made by `use` and `route`, whoever calls them: Nest, `consumer.apply()`, or a developer. */
  private watchLayers(): void {
    const { express, routes } = this;
    const [use, route] = [express.use.bind(express), express.route.bind(express)] as const;
    express.use = ((...args: Parameters<typeof use>) => {
      routes.addLayer(args[0]);
      return use(...args);
    }) as typeof express.use;
    express.route = (path: string) => {
      const made = route(path);
      routes.addLayer(path, made);
      return made;
    };
  }
}

const withoutRepeatedSlashes = (path: string): string => path.replace(/\/{2,}/g, '/');
