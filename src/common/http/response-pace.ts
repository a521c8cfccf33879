import { type ServerResponse } from 'node:http';

/** How fast a client has to take a response. */
export interface PaceLimits {
  /** How many milliseconds a client may take nothing. */
  readonly timeoutMs: number;
  /** The whole response may take `timeoutMs`, plus a second for every `minBytesPerSecond` bytes that have been taken. */
  readonly minBytesPerSecond: number;
}

/** The progress of a response; times in milliseconds. */
interface Progress {
  /** `bytesWritten` of the socket when the request arrived. */
  readonly start: number;
  /** Bytes of the socket that the operating system has taken. */
  taken: number;
  /** How long there has been something to take. */
  waited: number;
  /** How long nothing has been taken. */
  idle: number;
}

/**
 * Cuts clients that take their responses too slowly. Node's socket timeout can't: any progress restarts it, and its first
 * run only compares the queue with what was written at first, so that a client that takes nothing gets twice the time.
 */
export class ResponsePace {
  private readonly responses = new Map<ServerResponse, Progress>();

  constructor(private readonly limits: PaceLimits) {}

  follow(response: ServerResponse): void {
    const start = response.req.socket.bytesWritten;
    this.responses.set(response, { start, taken: start, waited: 0, idle: 0 });
    response.once('close', () => this.responses.delete(response));
  }

  /** @param elapsedMs the interval of the timer. If the event loop is late, clients get more time rather than less. */
  look(elapsedMs: number): void {
    const { timeoutMs, minBytesPerSecond } = this.limits;
    for (const [response, progress] of this.responses) {
      const { socket } = response;
      // There is nothing to take.
      if (socket === null || socket.writableLength === 0) {
        progress.idle = 0;
        continue;
      }
      const taken = socket.bytesWritten - socket.writableLength;
      progress.idle = taken === progress.taken ? progress.idle + elapsedMs : 0;
      progress.taken = taken;
      progress.waited += elapsedMs;
      const allowed = timeoutMs + ((taken - progress.start) / minBytesPerSecond) * 1_000;
      if (progress.idle >= timeoutMs || progress.waited >= allowed) response.destroy();
    }
  }
}
