import { type ServerResponse } from 'node:http';

/** In which time a client has to take a response. */
export interface PaceLimits {
  /** Milliseconds for which a client may take nothing. */
  readonly timeoutMs: number;
  /** All of the response may take `timeoutMs`, and a second more for each of these bytes that have been taken. */
  readonly minBytesPerSecond: number;
}

/** How far a client is with its response; times in milliseconds. */
interface Progress {
  /** `bytesWritten` of the connection when the request came. */
  readonly start: number;
  /** Bytes of the connection that the system has taken. */
  taken: number;
  /** For how long there has been something to take. */
  waited: number;
  /** For how long nothing has been taken. */
  idle: number;
}

/**
 * Cuts clients that take their responses too slowly. Node's socket timeout can't: any progress starts it anew, and its first
 * one only compares the queue with what was written at first, so that a client which takes nothing has twice the time.
 */
export class ResponsePace {
  private readonly responses = new Map<ServerResponse, Progress>();

  constructor(private readonly limits: PaceLimits) {}

  follow(response: ServerResponse): void {
    const start = response.req.socket.bytesWritten;
    this.responses.set(response, { start, taken: start, waited: 0, idle: 0 });
    response.once('close', () => this.responses.delete(response));
  }

  /** @param elapsedMs since the last look. Where the loop is late, clients have more time rather than less. */
  look(elapsedMs: number): void {
    const { timeoutMs, minBytesPerSecond } = this.limits;
    for (const [response, progress] of this.responses) {
      const { socket } = response;
      // A client can't take what is not there yet.
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
