import { type Socket } from 'node:net';
import { freeChunk } from '../free.js';
import { turns } from '../turns.js';

/** A chunk no longer than this goes before those that wait: a probe does not queue behind uploads. */
const SHORT_BYTES = 4096;

/**
 * Hands what a connection receives to Node's parser when this turn of the event loop has time for it. By itself Node parses
 * in one turn all that has arrived on all connections, and 64 KiB in chunks of one byte take it 40 ms.
 * This relies on two internals of Node: when the server emits `connection`, its parser is the only listener of `data`, and
 * it calls the socket's own `pause` and `resume`.
 */
export function parseInTurns(socket: Socket): void {
  const [parse] = socket.listeners('data') as ((chunk: Buffer) => void)[];
  if (parse === undefined) throw new Error('expected the parser of Node to listen to the connection');
  const pause = socket.pause.bind(socket);
  const resume = socket.resume.bind(socket);
  let isWaiting = false;
  let isPaused = false;
  // A pause or resume by others while a chunk waits takes effect after it.
  socket.pause = () => {
    isPaused = true;
    return pause();
  };
  socket.resume = () => {
    isPaused = false;
    return isWaiting ? socket : resume();
  };
  // Freed at once, since the parser copies what it hands on.
  const take = (chunk: Buffer): void => {
    parse(chunk);
    freeChunk(chunk);
  };
  socket.off('data', parse).on('data', (chunk: Buffer) => {
    const isShort = chunk.length <= SHORT_BYTES;
    if (isShort ? turns.hasTimeLeft : turns.hasTime) return take(chunk);
    isWaiting = true;
    pause();
    void turns.next(isShort).then(() => {
      isWaiting = false;
      if (socket.destroyed) return;
      take(chunk);
      if (!isPaused) resume();
    });
  });
}
