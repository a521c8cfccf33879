import { type RequestListener, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

/**
 * How many requests may wait on one connection. Each holds the memory of a request, and Node parses all of a write at once, so
 * that only closing the connection keeps a client from piling up thousands.
 */
const MAX_WAITING = 32;

/** Who is answered next on each connection, where a client sends requests without waiting for answers (RFC 9112, 9.3.2). */
export class AnswerOrder {
  /** The response to the latest request on a connection, until it is over. */
  private readonly latest = new WeakMap<Socket, ServerResponse>();
  private readonly waiting = new WeakMap<Socket, number>();
  private readonly failed = new WeakSet<Socket>();

  /**
   * Hands over one request of a connection at a time, and none whose connection has gone. Node hands over all of them at
   * once: thousands in one write, of which those that still wait when the client goes away never hear of it.
   */
  oneByOne(listener: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      if (socket.destroyed) return;
      const before = this.latest.get(socket);
      this.latest.set(socket, response);
      response.once('close', () => {
        if (this.latest.get(socket) === response) this.latest.delete(socket);
      });
      if (before === undefined) return listener(request, response);

      const waiting = (this.waiting.get(socket) ?? 0) + 1;
      if (waiting > MAX_WAITING) {
        socket.destroy();
        return;
      }
      this.waiting.set(socket, waiting);
      // Not at once, since Node resumes at the end of each request that it parses.
      process.nextTick(() => socket.pause());
      const begin = (): void => {
        this.waiting.set(socket, this.waiting.get(socket)! - 1);
        if (!socket.writable) return;
        if (this.latest.get(socket) === response) socket.resume();
        // The time for the answer before has nothing to do with this one.
        socket.setTimeout(0);
        listener(request, response);
      };
      before.once('close', () => setImmediate(begin));
    };
  }

  /**
   * Answers, once and in its turn, a client whose further bytes are no request. Where they are the body of a request that
   * is being answered there is nothing to add.
   * @param answer is told whether the bytes are within a request, which has its own end
   */
  answerFailed(socket: Socket, answer: (within: boolean) => void): void {
    if (this.failed.has(socket)) return;
    this.failed.add(socket);
    const response = this.latest.get(socket);
    if (response === undefined) answer(false);
    else if (response.req.complete) response.once('close', () => answer(false));
    else if (response.headersSent) socket.destroy();
    else if (response.socket === null) response.once('socket', () => answer(true));
    else answer(true);
  }
}
