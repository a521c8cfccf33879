import { type Socket } from 'node:net';
import { freeChunk } from '../free.js';
import { turns } from '../turns.js';

/** What is no longer goes before what waits: a probe does not queue behind uploads. */
const SHORT_BYTES = 4096;

/**
 * Hands what a connection receives to Node's parser when this turn of the event loop has time for it. By itself Node parses
 * in one turn all that has arrived on all connections, and 64 KiB in chunks of one byte take it 40 ms.
 */
export function parseInTurns(socket: Socket): void {
  const [parse] = socket.listeners('data') as [(chunk: Buffer) => void];
  const pause = socket.pause.bind(socket);
  const resume = socket.resume.bind(socket);
  let isWaiting = false;
  let isPaused = false;
  // Whoever pauses and resumes the connection meanwhile is obeyed afterwards.
  socket.pause = () => {
    isPaused = true;
    return pause();
  };
  socket.resume = () => {
    isPaused = false;
    return isWaiting ? socket : resume();
  };
  // Node's parser copies what it hands on.
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
