import { createServer, type RequestListener } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import { answerUnreadable } from '../errors/unreadable-request.js';

/** Connections that send nothing are kept so long: longer than proxies keep theirs, so that none is cut under a request. */
const KEEP_ALIVE_MS = 75_000;

/** The longest that a request's header may take to arrive. */
const HEADERS_MS = 15_000;

/** A body that is refused unread may go on arriving for so long after the time that it would have had. */
const LINGER_MS = 5_000;

/** How often Node looks for connections whose time is over. */
const CHECKING_INTERVAL_MS = 1_000;

/** Express on an HTTP server whose limits are set: some can be given only where the server is made. */
export class HttpAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: CHECKING_INTERVAL_MS },
      this.getInstance<RequestListener>(),
    );
    // Whether a body is to be sent is said where it would be read; other expectations are ignored, as RFC 9110 allows.
    const answer: RequestListener = (request, response) => void server.emit('request', request, response);
    server.on('checkContinue', answer).on('checkExpectation', answer).on('clientError', answerUnreadable);
    this.httpServer = server;
  }

  /** @param requestTimeoutMs milliseconds for a whole body to arrive */
  limitTimes(requestTimeoutMs: number): void {
    this.httpServer.requestTimeout = requestTimeoutMs + LINGER_MS;
    this.httpServer.headersTimeout = Math.min(HEADERS_MS, this.httpServer.requestTimeout);
  }
}
