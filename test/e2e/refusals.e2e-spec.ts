import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, metric, rawRequest } from '../support/http.js';
import { spawnService, startService, type Service } from '../support/service.js';

/** Longer than the socket buffers of both ends. */
const BODY = Buffer.alloc(24_000_000, ' ');
const JSON_TYPE = 'Content-Type: application/json';

/** The response to a client that reads only after it has sent everything. */
async function sendFirst(port: number, line: string, head: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.pause();
  const lines = [line, 'Host: x', `Content-Length: ${BODY.length}`, ...head];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await new Promise<void>((resolve, reject) =>
    socket.on('error', reject).write(BODY, (error) => (error ? reject(error) : resolve())),
  );
  let text = '';
  for await (const piece of socket) {
    text += String(piece);
    if (text.endsWith('}')) break;
  }
  return text;
}

describe('a client that sends everything before it reads', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ API_KEYS: 'alice:k3y', MAX_BODY_BYTES: '16000000' });
  });
  afterAll(() => service.close());

  const KEY = 'X-API-Key: k3y';
  it.each([
    ['no key', 'POST /method HTTP/1.1', [JSON_TYPE], 401, 11],
    ['a path that is not there', 'POST /nothing HTTP/1.1', [JSON_TYPE, KEY], 404, 12],
    ['another verb', 'PUT /method HTTP/1.1', [JSON_TYPE, KEY], 405, 13],
    ['a body that is too long', 'POST /method HTTP/1.1', [JSON_TYPE, KEY], 413, 15],
    ['another type', 'POST /method HTTP/1.1', ['Content-Type: text/csv', KEY], 415, 16],
    ['two Hosts', 'POST /method HTTP/1.1', [JSON_TYPE, KEY, 'Host: y'], 400, 17],
    ['HTTP/1.0 and no key', 'POST /method HTTP/1.0', [JSON_TYPE], 401, 11],
  ])('sees why it is refused: %s', async (_, line, head, status, error) => {
    for (const connection of ['Connection: close', 'Connection: keep-alive']) {
      const text = await sendFirst(service.port, line, [...head, connection]);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} .*"error":${error},`, 's'));
    }
  });

  it('holds no memory while it still sends, and is disconnected when it stops', async () => {
    const refused = rawRequest(service.port, [`Content-Length: ${BODY.length}`, KEY, 'Connection: close']);
    expect(await refused.received(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await metric(service.url, 'kasem_in_flight_bytes', { 'X-API-Key': 'k3y' })).toBe(0);
    await refused.closed;
  }, 20_000);
});

describe('a client that sends everything before it reads, while the service drains', () => {
  it('sees that the service shuts down, even if nothing else is in flight', async () => {
    const service = await spawnService({ SHUTDOWN_GRACE_MS: '60000' });
    const small = bodyOf([[1420066800, 1, 2]]);
    const inFlight = rawRequest(service.port, [`Content-Length: ${small.length}`]);
    inFlight.send(small.slice(0, 10));
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_bytes')) > 0);
    service.child.kill('SIGTERM');
    await eventually(async () => (await call(service.url, { body: small })).json.error === 52);

    const late = Array.from({ length: 4 }, async () => sendFirst(service.port, 'POST /method HTTP/1.1', [JSON_TYPE]));
    const slow = rawRequest(service.port, ['Content-Length: 100']);
    await slow.received(/"error":52/);
    inFlight.send(small.slice(10));
    for (const text of await Promise.all(late)) expect(text).toMatch(/^HTTP\/1\.1 503 .*"error":52/s);
    slow.close();
    expect(await service.exited).toBe(0);
  }, 30_000);

  it('is not waited for longer than SHUTDOWN_GRACE_MS', async () => {
    const service = await spawnService({ SHUTDOWN_GRACE_MS: '500', API_KEYS: 'alice:k3y' });
    const refused = rawRequest(service.port, ['Content-Length: 1000000', 'Connection: close']);
    await refused.received(/"error":11/);
    const sending = setInterval(() => refused.send(' '), 50);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
    clearInterval(sending);
  }, 20_000);
});
