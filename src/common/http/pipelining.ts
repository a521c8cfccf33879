import { type RequestListener, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { dropRest, linger } from './linger.js';

/**
 * How many requests may wait on one connection. Each takes memory, and Node parses all requests of a packet at once: only
 * closing the connection keeps a client from queueing thousands.
 */
const MAX_WAITING = 32;

interface Connection {
  /** The response to the latest request. */
  latest: ServerResponse;
  /** Whether its request has been passed to the listener. */
  hasBegun: boolean;
  /** How many requests wait for their turn. */
  waiting: number;
  /** Whether the client has sent malformed bytes, which get only one response. */
  isFailed: boolean;
}

/** Orders the responses on each connection, since a client may send requests without waiting for responses (RFC 9112, 9.3.2). */
export class ResponseOrder {
  private readonly connections = new WeakMap<Socket, Connection>();

  /**
   * Passes the requests of a connection to the listener one at a time, and none after the connection has closed. Node passes
   * on all requests of a packet at once, maybe thousands, and emits no `close` for queued responses when the socket closes.
   */
  oneByOne(listener: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      if (!socket.writable) return;
      response.once('close', () => dropRest(request));
      const connection = this.connections.get(socket);
      if (connection === undefined || connection.latest.closed) {
        this.connections.set(socket, { latest: response, hasBegun: true, waiting: 0, isFailed: false });
        return listener(request, response);
      }

      const before = connection.latest;
      Object.assign(connection, { latest: response, hasBegun: false });
      if (++connection.waiting > MAX_WAITING) {
        socket.destroy();
        return;
      }
      // Not at once: Node resumes the socket at the end of each request that it parses.
      process.nextTick(() => socket.pause());
      const begin = (): void => {
        connection.waiting--;
        if (!socket.writable) return;
        if (connection.latest === response) {
          connection.hasBegun = true;
          socket.resume();
        }
        listener(request, response);
      };
      before.once('close', () => setImmediate(begin));
    };
  }

  /** Whether the latest request on a connection is still being received. */
  isReceiving(socket: Socket): boolean {
    return this.connections.get(socket)?.latest.req.complete === false;
  }

  /**
   * Responds to malformed bytes, once, and after the responses to the requests before them.
   * @param respond gets the pending response of the request whose body the bytes belong to, if its handler runs
   */
  respondToMalformed(socket: Socket, respond: (owed?: ServerResponse) => void): void {
    const connection = this.connections.get(socket);
    // No request came before.
    if (connection === undefined) return respond();
    // There was a response to earlier malformed bytes.
    if (connection.isFailed) return;
    connection.isFailed = true;
    const { latest, hasBegun } = connection;
    if (latest.req.complete) {
      // The bytes are a further request: its response follows those before.
      if (latest.closed) respond();
      else latest.once('close', () => respond());
    }
    // From here on the bytes belong to the body of the latest request. It already has its response.
    else if (latest.closed) linger(socket);
    // A response that has begun cannot be replaced.
    else if (latest.headersSent) socket.destroy();
    // Its handler runs: the error becomes its response.
    else if (hasBegun) respond(latest);
    // It waits for others: Node assigns the socket when their responses are over.
    else if (latest.socket === null) latest.once('socket', () => respond());
    // It is next, but its handler does not run yet.
    else respond();
  }
}
