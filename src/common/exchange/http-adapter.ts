import { createServer, type RequestListener } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import { type Express, type Response } from 'express';
import { answerUnreadable, CONNECT, unreadable, type Unreadable } from '../errors/unreadable-request.js';
import { AnswerOrder } from './answer-order.js';
import { type ExchangeObserver } from './exchange.js';

/** Connections that send nothing are kept so long: longer than proxies keep theirs, so that none is cut under a request. */
const KEEP_ALIVE_MS = 75_000;

/** The longest that a request's header may take to arrive. */
const HEADERS_MS = 15_000;

/** A body that is refused unread may go on arriving for so long after the time that it would have had. */
const LINGER_MS = 5_000;

/** How often Node looks for connections whose time is over. */
const CHECKING_INTERVAL_MS = 1_000;

/** The heap that a connection with a request takes, in bytes, some room included. */
const CONNECTION_BYTES = 1 << 15;

/** In milliseconds. */
export interface ExchangeTimes {
  /** For a whole body to arrive. */
  readonly request: number;
  /** In which a client takes nothing of its answer. */
  readonly answer: number;
}

/** Express on an HTTP server whose limits are set: some can be given only where the server is made. */
export class HttpAdapter extends ExpressAdapter {
  private observers: readonly ExchangeObserver[] = [];

  override initHttpServer(): void {
    const order = new AnswerOrder();
    const server = createServer(
      {
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: CHECKING_INTERVAL_MS,
        // Node's own answer to a request without one is not in the contract's form; see `assertHost`.
        requireHostHeader: false,
      },
      order.oneByOne(this.getInstance<RequestListener>()),
    );
    // Half of the heap is for connections; who comes over one more is hung up on.
    server.maxConnections = Math.floor(getHeapStatistics().heap_size_limit / 2 / CONNECTION_BYTES);
    // Whether a body is to be sent is said where it would be read; other expectations are ignored, as RFC 9110 allows.
    const answer: RequestListener = (request, response) => void server.emit('request', request, response);
    server.on('checkContinue', answer).on('checkExpectation', answer);
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (error.code === 'ECONNRESET') socket.destroy();
      else
        order.answerFailed(socket, (within) => {
          // Who goes away in the middle of a body has abandoned a request, which is told as that.
          const isTold = within && error.code === 'HPE_INVALID_EOF_STATE';
          this.refuse(unreadable(error), socket, isTold);
        });
    });
    server.on('connect', (_, socket: Duplex) => this.refuse(CONNECT, socket as Socket));
    this.httpServer = server;
  }

  /** Who is told of requests that never came to be one. */
  tell(observers: readonly ExchangeObserver[]): void {
    this.observers = observers;
  }

  limitTimes({ request, answer }: ExchangeTimes): void {
    this.httpServer.requestTimeout = request + LINGER_MS;
    this.httpServer.headersTimeout = Math.min(HEADERS_MS, this.httpServer.requestTimeout);
    const { response } = this.getInstance<Express>();
    const writeHead = Reflect.get(response, 'writeHead') as (...head: unknown[]) => Response;
    // Where nobody listens for the end of this time, Node hangs up.
    response.writeHead = function (this: Response, ...head: unknown[]) {
      return writeHead.apply(this.setTimeout(answer), head);
    };
  }

  private refuse(fault: Unreadable, socket: Socket, isTold = false): void {
    if (!answerUnreadable(fault, socket) || isTold) return;
    for (const observer of this.observers) observer.refused?.(fault, socket.remoteAddress);
  }
}
