import { type Socket } from 'node:net';
import { freeChunk, isShort } from '../free.js';
import { turns } from '../turns.js';

/** A chunk up to this length goes before those that wait, so that a probe does not queue behind uploads. */
const SHORT_BYTES = 4096;

/**
 * Passes received bytes to Node's parser when this turn of the event loop has time for them. Node alone would parse all that
 * has arrived on all connections in one turn, and 64 KiB in chunks of one byte take it 40 ms.
 * This relies on two internals of Node: when the server emits `connection`, its parser is the only listener of `data`, and
 * it calls `pause` and `resume` of the socket object. For `upgrade`, Node removes that listener.
 */
export function parseInTurns(socket: Socket): void {
  const [parse] = socket.listeners('data') as ((chunk: Buffer) => void)[];
  if (parse === undefined) throw new Error('expected the parser of Node to listen to the connection');
  const pause = socket.pause.bind(socket);
  const resume = socket.resume.bind(socket);
  let isWaiting = false;
  let isPaused = false;
  // While a chunk waits, calls by others take effect after it.
  socket.pause = () => {
    isPaused = true;
    return pause();
  };
  socket.resume = () => {
    isPaused = false;
    return isWaiting ? socket : resume();
  };
  const isParsed = () => socket.listeners('data').includes(parse);
  // The parser copies what it passes on, so the chunk can be freed at once. The listener of `upgrade` gets a view of it.
  const take = (chunk: Buffer): void => {
    parse(chunk);
    if (!isShort(chunk.length) && isParsed()) freeChunk(chunk);
  };
  const receive = (chunk: Buffer): void => {
    const goesFirst = chunk.length <= SHORT_BYTES;
    if (goesFirst ? turns.hasTimeLeft : turns.hasTime) return take(chunk);
    isWaiting = true;
    pause();
    void turns.next(goesFirst).then(() => {
      isWaiting = false;
      if (socket.destroyed) return;
      take(chunk);
      if (!isPaused && isParsed()) resume();
    });
  };
  // As with `once`, whoever removes `parse` removes `receive`.
  socket.off('data', parse).on('data', Object.assign(receive, { listener: parse }));
}
