import { createServer, METHODS, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
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

/** How long the headers of a request may take to arrive. */
const HEADERS_MS = 15_000;

/** How much longer than REQUEST_TIMEOUT_MS a body that is refused unread may take to arrive. */
const UNREAD_BODY_MS = 5_000;

/** How often Node looks for connections that have timed out, and `ResponsePace` for slow clients. */
const CHECKING_INTERVAL_MS = 1_000;

/** The heap that a connection with a request takes, in bytes, with some margin. */
const CONNECTION_BYTES = 1 << 15;

type HttpLimits = Pick<
  Environment,
  'REQUEST_TIMEOUT_MS' | 'KEEP_ALIVE_TIMEOUT_MS' | 'RESPONSE_TIMEOUT_MS' | 'MIN_RESPONSE_BYTES_PER_SECOND'
>;

const VERBS = ['all', ...METHODS.map((verb) => verb.toLowerCase())] as readonly Verb[];

/** Express on an HTTP server of our own: some limits can only be set when the server is created. */
export class HttpAdapter extends ExpressAdapter {
  readonly observers: RequestObserver[] = [];
  readonly routes = new Routes();
  /** Finishes the requests in flight. `Drain` sets it; it runs before Nest's shutdown hooks. */
  drain?: () => Promise<void>;
  private readonly dispatch = new Dispatch(this.getInstance<Express>(), this.routes);

  constructor(private readonly environment: HttpLimits) {
    super();
    // Nest registers each route through the function of its verb. Express takes other arguments too, from a developer.
    for (const verb of VERBS.filter((one) => one in this)) {
      const register = this[verb].bind(this) as (...args: unknown[]) => unknown;
      this[verb] = ((...args: [string, RequestHandler]) =>
        args.length === 2 && typeof args[0] === 'string'
          ? this.dispatch.register(verb, ...args)
          : register(...args)) as never;
    }
  }

  /** Adds middleware that runs before all other, in the order of the calls. Direct routes stay direct. */
  useFirst(...handlers: RequestHandler[]): void {
    this.dispatch.useFirst(...handlers);
  }

  /**
   * CORS for direct routes too. A preflight request gets the verbs of its path, or all verbs if only middleware takes the
   * path; any other path is left to Nest.
   */
  override enableCors(options: CorsOptions | CorsOptionsDelegate<Request> = {}): void {
    const optionsOf: CorsOptionsDelegate<Request> =
      typeof options === 'function' ? options : (_, give) => give(null, options);
    this.useFirst(
      cors<Request>((request, give) =>
        optionsOf(request, (error, given) => {
          const isPreflight = request.method === 'OPTIONS';
          const verbs = isPreflight ? this.routes.allowed(request.path) : [];
          const preflightContinue = isPreflight && verbs.length === 0 && !this.routes.hasMiddleware(request.path);
          give(error, { ...(verbs.length > 0 && { methods: verbs }), preflightContinue, ...given });
        }),
      ),
    );
  }

  /** Drops Nest's second argument, the global prefix: paths outside of it would be left to Express. */
  override setNotFoundHandler(handler: RequestHandler): void {
    this.routes.end();
    super.setNotFoundHandler(handler);
  }

  /** Sends what a handler returns. The response of a method is already sent, unless an interceptor replaces it. */
  override reply(response: Response, body: unknown, statusCode?: number): void {
    if (contextOf(response).call === undefined || !response.headersSent) super.reply(response, body, statusCode);
  }

  // Nest runs its hooks as middleware in Express, so no route stays direct.
  override setOnRequestHook(...[hook]: Parameters<ExpressAdapter['setOnRequestHook']>): void {
    this.routes.addFirstLayer();
    super.setOnRequestHook(hook);
  }

  override setOnResponseHook(...[hook]: Parameters<ExpressAdapter['setOnResponseHook']>): void {
    this.routes.addFirstLayer();
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
        // Node's own response to a missing Host is not in the contract's form; see `refuseInvalidHttp`.
        requireHostHeader: false,
      },
      order.oneByOne((request, response) => {
        pace.follow(response);
        this.dispatch.handle(request as Request, response as Response);
      }),
    );
    // Connections may take half of the heap. Node closes further ones at once.
    server.maxConnections = Math.floor(getHeapStatistics().heap_size_limit / 2 / CONNECTION_BYTES);
    // Other expectations are ignored, as RFC 9110 allows.
    const respond: RequestListener = (request, response) => void server.emit('request', request, response);
    server.on('checkExpectation', respond).on('checkContinue', (request, response) => {
      continueWhenRead(request, response);
      respond(request, response);
    });
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
          // The client went away within a body. The log counts that as an abandoned request, not as a malformed one too.
          else if (error.code === 'HPE_INVALID_EOF_STATE') respondMalformed(fault, socket);
          else respondToMalformedBody(owed as Response, fault);
        });
    });
    server.on('connect', (_, socket: Duplex) => this.respondToMalformed(CONNECT, socket as Socket));
    server.requestTimeout = REQUEST_TIMEOUT_MS + UNREAD_BODY_MS;
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

/** Sends the expected 100 Continue when the body is first read, so that a client whose request is refused unread never sends it. */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read.bind(request);
  request._read = (size) => {
    request._read = read;
    if (!response.headersSent) response.writeContinue();
    read(size);
  };
}

/** Responds to a request whose body turns out to be malformed. */
function respondToMalformedBody(response: Response, { status, error, log }: MalformedRequest): void {
  contextOf(response).error = error.code;
  // The reader of the body waits for `close` of the request, which Node does not emit after the response.
  const { req } = response;
  response.once('close', () => setImmediate(() => req.emit('close')));
  req.socket.once('close', () => req.destroy());
  response.status(status).set('Connection', 'close').json({ error: error.code, log });
}
