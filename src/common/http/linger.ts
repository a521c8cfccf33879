import { type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';

/** The longest time for which the rest of a body is received and dropped. */
const LINGER_MS = 30_000;

/** A client that has sent nothing for this long has had time to read the response. */
const SILENCE_MS = 5_000;

/**
 * Closes our side of a connection, and the other side when the client closes it or the time is over. Closing both at once
 * with unread bytes resets the connection: a client that sends its whole body first would never see the response.
 * @param ms how long to receive and drop what the client still sends
 */
export function linger(socket: Socket, ms = LINGER_MS): void {
  if (socket.writableEnded) return;
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer)).on('error', () => socket.destroy());
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.end();
  socket.resume();
}

/** One promise for each request whose body still arrives after its response. A process has one server, so one set is enough. */
const dropping = new Set<Promise<void>>();

/** Receives and drops the rest of a body after the response. */
export function dropRest(request: IncomingMessage): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  const dropped: Promise<void> = new Promise<void>((resolve) => {
    const settle = (): void => {
      request.off('end', settle);
      socket.off('close', settle);
      resolve();
    };
    // After the response Node emits nothing on the request when its connection closes.
    request.on('end', settle).resume();
    socket.on('close', settle);
  }).then(() => void dropping.delete(dropped));
  dropping.add(dropped);
}

/** Resolves when no body is being dropped any more: all refused clients have had the chance to read why. */
export async function restsDropped(): Promise<void> {
  while (dropping.size > 0) await Promise.all(dropping);
}
