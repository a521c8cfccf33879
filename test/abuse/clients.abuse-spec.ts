import { setTimeout } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { eventually } from '../support/http.js';
import { around, rowsOf } from './bodies.js';
import { Client, KEY, POST, requestBytes, send, type Response } from './client.js';
import { MAX_BODY_BYTES, podUnderAttack, type Pod } from './pod.js';

const MEBIBYTE = 1 << 20;
const SAMPLE = around(rowsOf('[0,1,2]', 8));

describe('readers', () => {
  const RESPONSE_TIMEOUT_MS = 2_000;
  const attack = podUnderAttack({
    RESPONSE_TIMEOUT_MS: String(RESPONSE_TIMEOUT_MS),
    MIN_RESPONSE_BYTES_PER_SECOND: String(32 * MEBIBYTE),
  });
  const fullBody = requestBytes(around(rowsOf('[0,0,0]', MAX_BODY_BYTES - (1 << 17))));
  const smallBody = requestBytes(around(rowsOf('[0,0,0]', 6 * MEBIBYTE)));

  /** Reads at this rate, or nothing at 0. */
  function readSlowly({ socket }: Client, bytesPerSecond: number): void {
    socket.pause();
    if (bytesPerSecond === 0) return;
    const timer = setInterval(() => {
      socket.read(bytesPerSecond / 10);
    }, 100);
    socket.once('close', () => clearInterval(timer));
  }

  /** Checks that the service responds to others while these clients still read. */
  const slow = (name: string, bytes: Buffer, connections: number, bytesPerSecond: number) =>
    attack(name, async (pod) => {
      const clients = send(pod, bytes, connections);
      for (const client of clients) readSlowly(client, bytesPerSecond);
      await eventually(async () => (await pod.inFlightBytes()) > 0);
      await eventually(async () => (await pod.inFlightBytes()) === 0);
      await pod.respondsRight();
      for (const client of clients) client.close();
    });

  slow('two at 30 kB a second, of the longest responses', fullBody, 2, 30_000);
  slow('two at 1 MB a second, of the longest responses', fullBody, 2, 1_000_000);
  slow('two that read nothing, of the longest responses', fullBody, 2, 0);
  slow('17 that read nothing', smallBody, 17, 0);
  slow('17 at 30 kB a second', smallBody, 17, 30_000);

  attack('hundreds of requests on one connection whose responses nobody reads', async (pod) => {
    const clients = send(pod, Buffer.concat(Array.from({ length: 300 }, () => requestBytes(SAMPLE))), 17);
    for (const { socket } of clients) socket.pause();
    await setTimeout(1_000);
    await pod.respondsRight();
    for (const client of clients) client.close();
  });
});

describe('senders', () => {
  const attack = podUnderAttack({ REQUEST_TIMEOUT_MS: '3000' });

  attack('hundreds that send nothing after their headers', async (pod) => {
    const clients = send(pod, Buffer.from([...POST, KEY, 'Content-Length: 1000', '', '{'].join('\r\n')), 300);
    for (let i = 0; i < 10; i++) await pod.respondsRight();
    const responses = await Promise.all(clients.map((client) => client.response()));
    for (const { status, error } of responses) expect([status, error]).toEqual([408, 14]);
    for (const client of clients) client.close();
  });

  attack('hundreds that send incomplete headers', async (pod) => {
    const clients = send(pod, Buffer.from('POST /method HTTP/1.1\r\nHost: x\r\nX-A: '), 300);
    for (let i = 0; i < 10; i++) await pod.respondsRight();
    for (const client of clients) client.close();
  });

  attack('the longest headers', async (pod) => {
    const clients = send(pod, Buffer.from(`${POST.join('\r\n')}\r\n${'X-A: \r\n'.repeat(2_000)}`), 100);
    for (let i = 0; i < 10; i++) await pod.respondsRight();
    for (const client of clients) client.close();
  });

  attack('a thousand that hang up in the middle', async (pod) => {
    const body = requestBytes(around(rowsOf('[0,0,0]', 1 << 16)), { isUnfinished: true });
    for (let round = 0; round < 20; round++) {
      const clients = send(pod, body, 50);
      await setTimeout(20);
      for (const client of clients) client.close();
    }
  });

  attack('a thousand that hang up before their response', async (pod) => {
    const body = requestBytes(around(rowsOf('[0,0,0]', 1 << 18)));
    for (let round = 0; round < 20; round++) {
      const clients = send(pod, body, 50);
      await setTimeout(20);
      for (const client of clients) client.close();
    }
  });
});

/** The error and the head of a request that leads to it, by status. */
const REFUSALS = {
  401: { error: 11, head: POST },
  404: { error: 12, head: ['POST /nothing HTTP/1.1', 'Host: x', 'Content-Type: application/json', KEY] },
  405: { error: 13, head: ['PUT /method HTTP/1.1', 'Host: x', 'Content-Type: application/json', KEY] },
  413: { error: 15, head: [...POST, KEY] },
  415: { error: 16, head: ['POST /method HTTP/1.1', 'Host: x', 'Content-Type: text/csv', KEY] },
} as const;

async function sendFirst(pod: Pod, bytes: Buffer): Promise<Response> {
  const client = new Client(pod);
  try {
    await client.sendFirst(bytes);
    return await client.response();
  } finally {
    client.close();
  }
}

describe('clients that send everything before they read', () => {
  const attack = podUnderAttack({ REQUEST_TIMEOUT_MS: '2000' });
  const CONNECTIONS = ['Connection: close', 'Connection: keep-alive'];
  const short = Buffer.alloc(8 * MEBIBYTE, ' ');
  const tooLong = Buffer.alloc(MAX_BODY_BYTES + 1, ' ');

  for (const [status, { error, head }] of Object.entries(REFUSALS))
    for (const connection of CONNECTIONS)
      for (const chunkBytes of [undefined, 65_536])
        attack(`${status}, ${connection}, ${chunkBytes === undefined ? 'with a length' : 'in chunks'}`, async (pod) => {
          const body = status === '413' ? tooLong : short;
          const bytes = requestBytes(body, { head: [...head, connection], chunkBytes });
          // Repeated, since a chunked body is refused only once it is too long, when others may hold the budget.
          for (let i = 0; i < 3; i++) {
            const response = await sendFirst(pod, bytes);
            expect([response.status, response.error]).toEqual([Number(status), error]);
          }
        });

  for (const connection of CONNECTIONS)
    attack(`408, ${connection}`, async (pod) => {
      const bytes = requestBytes(short, { head: [...POST, KEY, connection], isUnfinished: true });
      const response = await sendFirst(pod, bytes);
      expect([response.status, response.error]).toEqual([408, 14]);
    });

  attack('17 at once, each refused', async (pod) => {
    const bytes = requestBytes(short, { head: [...POST, 'Connection: close'] });
    const responses = await Promise.all(Array.from({ length: 17 }, () => sendFirst(pod, bytes)));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 401));
  });

  attack('refused clients that keep sending hold no memory', async (pod) => {
    const clients = send(pod, requestBytes(short, { head: [...POST, 'Connection: close'], isUnfinished: true }), 17);
    await Promise.all(clients.map((client) => client.response()));
    const sending = setInterval(() => clients.forEach((client) => client.send(' ')), 100);
    await setTimeout(1_000);
    expect(await pod.inFlightBytes()).toBe(0);
    await pod.respondsRight();
    clearInterval(sending);
    for (const client of clients) client.close();
  });

  attack('a refused upload counts once, even if its client then disconnects', async (pod) => {
    const before = await pod.responses();
    const uploads = 10;
    for (let i = 0; i < uploads; i++) {
      const [client] = send(pod, requestBytes(short, { head: POST, isUnfinished: true })) as [Client];
      await client.response();
      client.socket.end();
      await setTimeout(50);
      client.close();
    }
    await setTimeout(500);
    expect((await pod.responses()) - before).toBe(uploads);
  });
});

describe('requests that are not valid HTTP', () => {
  const attack = podUnderAttack();
  const body = String(requestBytes(SAMPLE, { head: ['GET / HTTP/1.1'] })).split('\r\n\r\n')[1] as string;
  const length = `Content-Length: ${body.length}`;
  const type = 'Content-Type: application/json';

  const refused = (name: string, status: number, error: number, head: readonly string[], text = body) =>
    attack(name, async (pod) => {
      const [client] = send(pod, Buffer.from([...head, '', text].join('\r\n'))) as [Client];
      const response = await client.response();
      client.close();
      expect(response).toMatchObject({ status, error, text: expect.not.stringContaining('100 Continue') });
    });

  const post = 'POST /method HTTP/1.1';
  refused('two Hosts', 400, 17, [post, 'Host: x', 'Host: y', type, KEY, length]);
  refused('an invalid Host', 400, 17, [post, 'Host: a b/c', type, KEY, length]);
  refused('no Host', 400, 17, [post, type, KEY, length]);
  refused(
    'a transfer coding beside chunked',
    501,
    17,
    [post, 'Host: x', type, KEY, 'Transfer-Encoding: gzip, chunked'],
    `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  refused('HTTP/1.0 that expects 100 Continue', 200, 0, [
    'POST /method HTTP/1.0',
    'Host: x',
    type,
    KEY,
    'Expect: 100-continue',
    length,
  ]);
});

describe('a body that alone is over the budget', () => {
  const attack = podUnderAttack({ MAX_IN_FLIGHT_BYTES: String(MEBIBYTE) });
  attack('is refused as too large, not as overload', async (pod) => {
    for (const chunkBytes of [undefined, 65_536]) {
      const response = await sendFirst(pod, requestBytes(Buffer.alloc(2 * MEBIBYTE, ' '), { chunkBytes }));
      expect([response.status, response.error]).toEqual([413, 15]);
    }
  });
});
