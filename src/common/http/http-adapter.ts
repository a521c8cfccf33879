import { createServer, type RequestListener } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  type CorsOptions,
  type CorsOptionsDelegate,
} from '@nestjs/common/interfaces/external/cors-options.interface.js';
import cors from 'cors';
import { type Express, type Request, type RequestHandler, type Response } from 'express';
import { type Environment } from '../config/environment.js';
import { Dispatch, type Verb } from './dispatch.js';
import { CONNECT, respondMalformed, malformedRequest, type MalformedRequest } from './malformed-request.js';
import { contextOf, type RequestObserver } from './request-context.js';
import { linger } from './linger.js';
import { parseInTurns } from './parse-in-turns.js';
import { ResponseOrder } from './pipelining.js';
import { ResponsePace } from './response-pace.js';
import { Routes } from './routes.js';

/** The longest that a request's header may take to arrive. */
const HEADERS_MS = 15_000;

/** How much longer than REQUEST_TIMEOUT_MS a body that is refused unread may take to arrive. */
const LINGER_MS = 5_000;

/** How often Node looks for connections whose time is over, and we for slow readers. */
const CHECKING_INTERVAL_MS = 1_000;

/** The heap that a connection with a request takes, in bytes, some room included. */
const CONNECTION_BYTES = 1 << 15;

type HttpLimits = Pick<
  Environment,
  'REQUEST_TIMEOUT_MS' | 'KEEP_ALIVE_TIMEOUT_MS' | 'RESPONSE_TIMEOUT_MS' | 'MIN_RESPONSE_BYTES_PER_SECOND'
>;

type Register = (path: string, handler: RequestHandler) => void;

const VERBS: readonly Verb[] = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'all'];

/** Express on an HTTP server whose limits are set: some can be given only where the server is made. */
export class HttpAdapter extends ExpressAdapter {
  readonly observers: RequestObserver[] = [];
  readonly routes = new Routes();
  /** Finishes the requests in flight. `Drain` sets it; it runs before Nest's shutdown hooks. */
  drain?: () => Promise<void>;
  private readonly dispatch = new Dispatch(this.getInstance<Express>(), this.routes);

  constructor(private readonly environment: HttpLimits) {
    super();
    // Nest registers each route through the function of its verb.
    for (const verb of VERBS)
      this[verb] = ((path, handler) =>
        this.dispatch.register(verb, path, handler)) satisfies Register as never;
  }

  /** Adds middleware that runs before all other, in the order of the calls, and leaves direct routes direct. */
  useFirst(...handlers: RequestHandler[]): void {
    this.dispatch.useFirst(...handlers);
  }

  /** CORS on both ways. A preflight request is answered where there is a route, with the verbs of that route. */
  override enableCors(options: CorsOptions | CorsOptionsDelegate<Request> = {}): void {
    const optionsOf: CorsOptionsDelegate<Request> =
      typeof options === 'function' ? options : (_, give) => give(null, options);
    this.useFirst(
      cors<Request>((request, give) =>
        optionsOf(request, (error, given) => {
          const verbs = request.method === 'OPTIONS' ? this.routes.allowed(request.path) : [];
          give(error, { methods: verbs, preflightContinue: verbs.length === 0, ...given });
        }),
      ),
    );
  }

  /** Also for paths outside of a global prefix, which Nest would leave to Express. */
  override setNotFoundHandler(handler: RequestHandler): void {
    super.setNotFoundHandler(handler);
  }

  // Nest runs its hooks in Express.
  override setOnRequestHook(...[hook]: Parameters<ExpressAdapter['setOnRequestHook']>): void {
    this.routes.addLayer('/');
    super.setOnRequestHook(hook);
  }

  override setOnResponseHook(...[hook]: Parameters<ExpressAdapter['setOnResponseHook']>): void {
    this.routes.addLayer('/');
    super.setOnResponseHook(hook);
  }

  override initHttpServer(): void {
    const { REQUEST_TIMEOUT_MS, KEEP_ALIVE_TIMEOUT_MS, RESPONSE_TIMEOUT_MS, MIN_RESPONSE_BYTES_PER_SECOND } =
      this.environment;
    const order = new ResponseOrder();
    const pace = new ResponsePace({
      timeoutMs: RESPONSE_TIMEOUT_MS,
      minBytesPerSecond: MIN_RESPONSE_BYTES_PER_SECOND,
    });
    const server = createServer(
      {
        ...this.dispatch.classes,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        connectionsCheckingInterval: CHECKING_INTERVAL_MS,
        // Node's own response to a request without one is not in the contract's form; see `refuseInvalidHttp`.
        requireHostHeader: false,
      },
      order.oneByOne((request, response) => {
        pace.follow(response);
        this.dispatch.handle(request as Request, response as Response);
      }),
    );
    // Half of the heap is for connections. One connection more is closed at once.
    server.maxConnections = Math.floor(getHeapStatistics().heap_size_limit / 2 / CONNECTION_BYTES);
    // `readBody` responds to an expected 100-continue; other expectations are ignored, as RFC 9110 allows.
    const respond: RequestListener = (request, response) => void server.emit('request', request, response);
    server.on('checkContinue', respond).on('checkExpectation', respond);
    server.on('connection', (socket: Socket) => {
      parseInTurns(socket);
      // Node calls `destroySoon` to close a connection after its last response.
      const destroySoon = socket.destroySoon.bind(socket);
      socket.destroySoon = () => (order.isReceiving(socket) ? linger(socket) : destroySoon());
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (error.code === 'ECONNRESET') socket.destroy();
      else
        order.respondToMalformed(socket, (owed) => {
          const fault = malformedRequest(error);
          if (owed === undefined) this.respondToMalformed(fault, socket);
          // A client that goes away in the middle of a body has abandoned a request; the log counts it as that only.
          else if (error.code === 'HPE_INVALID_EOF_STATE') respondMalformed(fault, socket);
          else respondToMalformedBody(owed as Response, fault);
        });
    });
    server.on('connect', (_, socket: Duplex) => this.respondToMalformed(CONNECT, socket as Socket));
    server.requestTimeout = REQUEST_TIMEOUT_MS + LINGER_MS;
    server.headersTimeout = Math.min(HEADERS_MS, server.requestTimeout);
    const intervalMs = Math.min(CHECKING_INTERVAL_MS, Math.ceil(RESPONSE_TIMEOUT_MS / 20));
    const timer = setInterval(() => pace.look(intervalMs), intervalMs).unref();
    server.once('close', () => clearInterval(timer));
    this.httpServer = server;
  }

  // Nest awaits what it returns.
  // eslint-disable-next-line @typescript-eslint/no-misused-promises
  override async beforeClose(): Promise<void> {
    await this.drain?.();
    super.beforeClose();
  }

  private respondToMalformed(fault: MalformedRequest, socket: Socket): void {
    if (!respondMalformed(fault, socket)) return;
    for (const observer of this.observers) observer.malformed?.(fault, socket.remoteAddress);
  }
}

/** Responds to a request whose body turns out to be malformed. */
function respondToMalformedBody(response: Response, { status, error, log }: MalformedRequest): void {
  contextOf(response).error = error.code;
  // The reader of the body waits for the end of the request, of which Node emits nothing after the response.
  const { req } = response;
  response.once('close', () => setImmediate(() => req.emit('close')));
  req.socket.once('close', () => req.destroy());
  response.status(status).set('Connection', 'close').json({ error: error.code, log });
}
