import { type RequestListener, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { dropRest, linger } from './linger.js';

/**
 * How many requests may wait on one connection. Each holds the memory of a request, and Node parses all of a write at once, so
 * that only closing the connection keeps a client from piling up thousands.
 */
const MAX_WAITING = 32;

interface Connection {
  /** The response to the latest request. */
  latest: ServerResponse;
  /** Whether that request has been handed over. */
  hasBegun: boolean;
  /** How many requests wait for their turn. */
  waiting: number;
  /** What the client sends is malformed, and has been dealt with. */
  isFailed: boolean;
}

/** Whose turn it is on each connection, where a client sends requests without waiting for responses (RFC 9112, 9.3.2). */
export class ResponseOrder {
  private readonly connections = new WeakMap<Socket, Connection>();

  /**
   * Hands over one request of a connection at a time, and none whose connection has gone. Node hands over all of them at
   * once: thousands in one write, of which those that still wait when the client goes away never hear of it.
   */
  oneByOne(listener: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      if (!socket.writable) return;
      response.once('close', () => dropRest(request));
      const connection = this.connections.get(socket);
      const before = connection?.latest;
      if (connection === undefined || before === undefined || before.closed) {
        this.connections.set(socket, { latest: response, hasBegun: true, waiting: 0, isFailed: false });
        return listener(request, response);
      }

      Object.assign(connection, { latest: response, hasBegun: false });
      if (++connection.waiting > MAX_WAITING) {
        socket.destroy();
        return;
      }
      // Not at once, since Node resumes at the end of each request that it parses.
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
   * Responds, once and in its turn, to a client whose further bytes are malformed.
   * @param respond gets the response to the request that the bytes are the body of, if its handler has not responded yet
   */
  respondToMalformed(socket: Socket, respond: (owed?: ServerResponse) => void): void {
    const connection = this.connections.get(socket);
    // The first bytes of a connection.
    if (connection === undefined) return respond();
    // What follows malformed bytes.
    if (connection.isFailed) return;
    connection.isFailed = true;
    const { latest, hasBegun } = connection;
    if (latest.req.complete) {
      // A further request: after the responses to those before.
      if (latest.closed) respond();
      else latest.once('close', () => respond());
    }
    // From here on, the body of the latest request. It has had its response: nothing to add.
    else if (latest.closed) linger(socket);
    // Half a response cannot be taken back.
    else if (latest.headersSent) socket.destroy();
    // Its handler runs: the error is its response.
    else if (hasBegun) respond(latest);
    // It waits for others: Node gives it the socket when their responses are over.
    else if (latest.socket === null) latest.once('socket', () => respond());
    // It is the next, but has not been handed over.
    else respond();
  }
}
