import { type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';

/** The rest of a body is dropped for at most this time. */
const LINGER_MS = 30_000;

/** A client that has sent nothing for this time has had time to read. */
const SILENCE_MS = 5_000;

/**
 * Closes our side of a connection, and the other when the client has closed it or its time is over. Closing both at once
 * resets the connection if bytes are unread, and a client that sends its whole body first never sees the response.
 * @param ms how long to drop what the client goes on sending
 */
export function linger(socket: Socket, ms = LINGER_MS): void {
  if (socket.writableEnded) return;
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer)).on('error', () => socket.destroy());
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.end();
  socket.resume();
}

/** One for each request that has had its response while its body still arrives. A process has one server, so one set is enough. */
const dropping = new Set<Promise<void>>();

/** Receives and drops what is left of the body of a request that has had its response. */
export function dropRest(request: IncomingMessage): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  const dropped: Promise<void> = new Promise<void>((resolve) => {
    const settle = (): void => {
      request.off('end', settle);
      socket.off('close', settle);
      resolve();
    };
    // Node tells a request that has had its response nothing of the end of its connection.
    request.on('end', settle).resume();
    socket.on('close', settle);
  }).then(() => void dropping.delete(dropped));
  dropping.add(dropped);
}

/** Resolves when nothing is left to be dropped: all clients that were refused have had the chance to read why. */
export async function restsDropped(): Promise<void> {
  while (dropping.size > 0) await Promise.all(dropping);
}
