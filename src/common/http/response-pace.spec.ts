import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ResponsePace } from './response-pace.js';

const SECOND = 1_000;

describe('the pace of a response', () => {
  let server: Server;
  let client: Socket;
  let response: ServerResponse;
  let pace: ResponsePace;

  /** Follows a response to a client that reads only when told to. */
  beforeEach(async () => {
    pace = new ResponsePace({ timeoutMs: 10 * SECOND, minBytesPerSecond: 1_000_000 });
    server = createServer((_, started) => {
      pace.follow(started);
      response = started;
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(server, 'request');
  });
  afterEach(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const lookFor = (seconds: number) => {
    for (let i = 0; i < seconds; i++) pace.look(SECOND);
  };
  /** Fills the buffers of the operating system, so that further bytes have to wait for the client. */
  async function fill(): Promise<void> {
    const piece = Buffer.alloc(1 << 20);
    do {
      response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    } while (response.socket?.writableLength === 0);
  }

  it('is cut as soon as nothing has been taken for the timeout', async () => {
    await fill();
    // The first look sees what has been taken before.
    lookFor(1);
    lookFor(9);
    expect(response.destroyed).toBe(false);
    lookFor(1);
    expect(response.destroyed).toBe(true);
    await once(response, 'close');
    lookFor(100);
  });

  /** Lets the client take something, but not all of it. */
  async function take(): Promise<void> {
    const pending = response.socket?.writableLength ?? 0;
    client.resume();
    await until(() => (response.socket?.writableLength ?? 0) < pending);
    client.pause();
    await fill();
  }

  it('is cut when less than the least rate is taken, even if something always is', async () => {
    // More than any client can take.
    pace = new ResponsePace({ timeoutMs: 10 * SECOND, minBytesPerSecond: Number.MAX_SAFE_INTEGER });
    pace.follow(response);
    await fill();
    pace.look(9 * SECOND);
    await take();
    expect(response.destroyed).toBe(false);
    pace.look(9 * SECOND);
    expect(response.destroyed).toBe(true);
  });

  it('may take any time while the least rate is kept', async () => {
    pace = new ResponsePace({ timeoutMs: 10 * SECOND, minBytesPerSecond: 1 });
    pace.follow(response);
    await fill();
    for (let looks = 0; looks < 5; looks++) {
      pace.look(9 * SECOND);
      await take();
    }
    expect(response.destroyed).toBe(false);
  });

  it('may take any time while there is nothing to take', () => {
    lookFor(1_000);
    expect(response.destroyed).toBe(false);
  });

  it('is counted from its request on, not from the connection’s first', async () => {
    client.resume();
    response.end(Buffer.alloc(1 << 25));
    await once(response, 'close');
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(server, 'request');
    await fill();
    lookFor(11);
    expect(response.destroyed).toBe(true);
  });
});
