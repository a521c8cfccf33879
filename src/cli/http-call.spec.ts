import { once } from 'node:events';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callHttp } from './http-call.js';

/** Runs on a thread: waits until the caller is busy, refuses the request, cuts the connection, then sets the flag. */
const REFUSING = `
const { createServer } = require('node:net');
const { parentPort, workerData: flag } = require('node:worker_threads');
const server = createServer((socket) => {
  socket.once('data', () => {
    parentPort.postMessage('received');
    Atomics.wait(flag, 0, 0);
    socket.write('HTTP/1.1 413 Too Large\\r\\nContent-Length: 8\\r\\n\\r\\ntoo long', () => {
      socket.resetAndDestroy();
      Atomics.store(flag, 0, 2);
      Atomics.notify(flag, 0);
    });
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('a call over HTTP', () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  let server: Worker;
  let port: number;
  beforeAll(async () => {
    server = new Worker(REFUSING, { eval: true, workerData: flag });
    [port] = (await once(server, 'message')) as [number];
  });
  afterAll(() => server.terminate());

  it('sends no more before it has read a response that came while the process was busy', async () => {
    const busy = () => {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      Atomics.wait(flag, 0, 1, 10_000);
      // Stay busy until the next piece is due.
      Atomics.wait(flag, 0, 2, 20);
    };
    const received = once(server, 'message');
    async function* pieces() {
      yield Buffer.from('one');
      await received;
      setImmediate(busy);
      yield Buffer.from('two');
    }
    let text = '';
    const { status } = await callHttp(
      {
        url: new URL(`http://127.0.0.1:${port}/method`),
        method: 'POST',
        headers: {},
        body: Readable.from(pieces()),
      },
      { idleMs: 60_000, take: (piece) => (text += piece.toString()) },
    );
    expect([status, text]).toEqual([413, 'too long']);
  });
});
