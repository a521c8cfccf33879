import { gzipSync } from 'node:zlib';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, metric, rawRequest, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const BUDGET = 2_000_000;
const MEBIBYTE_OF_SPACES = Buffer.alloc(1 << 20, ' ');

const post = (body: string, head = '') =>
  `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;

/** Sends a request and does not read its response before `resume`. */
function mute(port: number, bytes: string): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.pause();
  socket.write(bytes);
  return socket;
}

describe('a response that is read slowly', () => {
  const body = bodyOf(Array.from({ length: 600_000 }, (_, row) => [row, 1e300 / (row + 1), 1]));

  it('holds only the memory of its columns, so that others fit', async () => {
    const service = await startService({ MAX_IN_FLIGHT_BYTES: String(body.length) });
    const inFlight = () => metric(service.url, 'kasem_in_flight_bytes');
    const socket = mute(service.port, post(body));
    // Two of the four columns are still held.
    const half = Math.ceil(body.length / 2);
    await eventually(async () => (await inFlight()) === half);
    const other = rawRequest(service.port, [`Content-Length: ${body.length - half}`]);
    await eventually(async () => (await inFlight()) === body.length);
    other.close();
    socket.destroy();
    await eventually(async () => (await inFlight()) === 0);
    await service.close();
  });

  it('is cut if it is read steadily but below the minimum rate', async () => {
    const service = await startService({
      RESPONSE_TIMEOUT_MS: '1000',
      MIN_RESPONSE_BYTES_PER_SECOND: '20000000',
    });
    const socket = mute(service.port, post(body));
    let text = '';
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const reading = setInterval(() => (text += String(socket.read(1 << 15) ?? '')), 20);
    const abandoned = 'kasem_method_calls_total{method="method",outcome="abandoned",error="0"}';
    await eventually(async () => (await metric(service.url, abandoned)) === 1);
    expect(await metric(service.url, 'kasem_in_flight_bytes')).toBe(0);
    clearInterval(reading);
    socket.resume();
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    await service.close();
  });

  it('is cut if it is not read at all, even if it is a static file and others are queued after it', async () => {
    const service = await startService({ RESPONSE_TIMEOUT_MS: '1000' });
    const active = 'http_server_active_requests{http_request_method="GET",url_scheme="http"}';
    const get = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n';
    const socket = mute(service.port, get.repeat(30));
    // The scrape itself counts too.
    await eventually(async () => (await metric(service.url, active)) === 2);
    await eventually(async () => (await metric(service.url, active)) === 1);
    socket.destroy();
    await service.close();
  });
});

describe('the limits', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      MAX_IN_FLIGHT_BYTES: String(BUDGET),
      REQUEST_TIMEOUT_MS: '2000',
      RESPONSE_TIMEOUT_MS: '300',
    });
  });
  afterAll(() => service.close());

  const inFlight = () => metric(service.url, 'kasem_in_flight_bytes');
  const allFree = () => eventually(async () => (await inFlight()) === 0);
  const small = bodyOf(sampleRows(3));

  it('refuses a body at once that would exceed the bytes in flight, and accepts it when they are free', async () => {
    const first = rawRequest(service.port, ['Content-Length: 1500000']);
    await eventually(async () => (await inFlight()) === 1_500_000);

    const second = rawRequest(service.port, ['Content-Length: 600000']);
    const response = await second.received(/\}$/);
    expect(response).toMatch(/^HTTP\/1\.1 503 /);
    expect(response).toMatch(/\r\nRetry-After: 1\r\n/);
    expect(response).toContain('"error":51,"log":"with this body more than 2000000 bytes would be in flight');
    expect((await call(service.url, { body: small })).json.error).toBe(0);
    expect(await metric(service.url, 'kasem_shed_requests_total')).toBe(1);

    first.close();
    await allFree();
    const third = rawRequest(service.port, ['Content-Length: 600000']);
    await eventually(async () => (await inFlight()) === 600_000);
    third.close();
    second.close();
    await allFree();
  });

  it('counts a body of unknown length as it arrives', async () => {
    const other = rawRequest(service.port, ['Content-Length: 1000000']);
    await eventually(async () => (await inFlight()) === 1_000_000);
    const body = [MEBIBYTE_OF_SPACES, MEBIBYTE_OF_SPACES.subarray(100_000)];
    const response = await call(service.url, { body });
    expect([response.status, response.json.error]).toEqual([503, 51]);
    other.close();
    await allFree();
  });

  it('counts a compressed body by its decompressed length', async () => {
    const other = rawRequest(service.port, ['Content-Length: 1000000']);
    await eventually(async () => (await inFlight()) === 1_000_000);
    const body = gzipSync(Buffer.concat([MEBIBYTE_OF_SPACES, MEBIBYTE_OF_SPACES.subarray(200_000)]));
    const response = await call(service.url, { body, headers: { 'Content-Encoding': 'gzip' } });
    expect([response.status, response.json.error]).toEqual([503, 51]);
    other.close();
    await allFree();
  });

  it.each([
    ['declares', Buffer.alloc(BUDGET + 1, ' '), {}],
    ['sends', [MEBIBYTE_OF_SPACES, MEBIBYTE_OF_SPACES], {}],
    [
      'decompresses to',
      gzipSync(Buffer.concat([MEBIBYTE_OF_SPACES, MEBIBYTE_OF_SPACES])),
      { 'Content-Encoding': 'gzip' },
    ],
  ])('refuses a body as too large that alone %s more than may be in flight', async (_, body, headers) => {
    const response = await call(service.url, { body, headers });
    expect([response.status, response.json.error]).toEqual([413, 15]);
    expect(response.headers['retry-after']).toBeUndefined();
    await allFree();
  });

  it('does not wait for the rest of a body that is already too long', async () => {
    const bomb = gzipSync(Buffer.concat([MEBIBYTE_OF_SPACES, MEBIBYTE_OF_SPACES]));
    const silent = rawRequest(service.port, [`Content-Length: ${bomb.length + 9}`, 'Content-Encoding: gzip']);
    silent.send(bomb);
    expect(await silent.received(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
    silent.close();
    await allFree();
  });

  it('tells a client that expects 100 Continue whether to send', async () => {
    const refused = rawRequest(service.port, [`Content-Length: ${BUDGET + 1}`, 'Expect: 100-continue']);
    expect(await refused.received(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
    refused.close();

    const taken = rawRequest(service.port, [`Content-Length: ${small.length}`, 'Expect: 100-continue']);
    expect(await taken.received(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    taken.send(small);
    expect(await taken.received(/\}$/)).toContain('"error":0');
    taken.close();
  });

  it('refuses a body that does not arrive in time, and closes its connection', async () => {
    const slow = rawRequest(service.port, ['Content-Length: 1000']);
    slow.send('{');
    const response = await slow.received(/\}$/);
    expect(response).toMatch(/^HTTP\/1\.1 408 /);
    expect(response).toContain('{"error":14,"log":"the body did not arrive within 2000 milliseconds"}');
    await slow.closed;
    await allFree();
  });

  it('cuts clients that never read their response, and frees their memory', async () => {
    const body = bodyOf(Array.from({ length: 40_000 }, (_, row) => [row, 1e300 / (row + 1), 1]));
    const rows = () => metric(service.url, 'kasem_method_rows_total{method="method"}');
    const before = await rows();
    const silent = Array.from({ length: 2 }, () => {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined);
      socket.pause();
      socket.write(post(body));
      return socket;
    });
    // Rows are counted when a request has ended, for whatever reason.
    await eventually(async () => (await rows()) >= before + 40_000);
    await allFree();
    expect((await call(service.url, { body: small })).json.error).toBe(0);
    for (const socket of silent) socket.destroy();
  });

  it('frees a malformed body, however early the fault is', async () => {
    const broken = rawRequest(service.port, ['Transfer-Encoding: chunked']);
    broken.send(`5\r\n{"par\r\nzz\r\n`);
    expect(await broken.received(/\}$/)).toMatch(/^HTTP\/1\.1 400 .*"error":17/s);
    await allFree();
    broken.close();
  });

  it('disconnects a client that sends no HTTP and never closes its connection', async () => {
    const socket = connect({ port: service.port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.on('data', (piece) => (text += String(piece))).on('error', () => undefined);
    socket.write('no HTTP\r\n\r\n');
    await eventually(() => text.endsWith('}'));
    expect(text).toMatch(/^HTTP\/1\.1 400 .*"error":17/s);
    const knocking = setInterval(() => socket.write('?'), 100);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(knocking);
  }, 20_000);

  it('handles pipelined requests one after another, and others in between', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `r-${i}`);
    const socket = connect(service.port, '127.0.0.1');
    let text = '';
    socket.on('data', (piece) => (text += String(piece)));
    socket.write(ids.map((id) => post(small, `X-Request-ID: ${id}\r\n`)).join(''));
    await eventually(() => text.includes('r-0'));
    const active = 'http_server_active_requests{http_request_method="POST",url_scheme="http"}';
    expect(await metric(service.url, active)).toBeLessThanOrEqual(1);
    await eventually(() => text.includes('r-29') && text.endsWith('}'));
    expect([...text.matchAll(/X-Request-ID: (\S+)/g)].map(([, id]) => id)).toEqual(ids);
    expect(text.match(/"error":0/g)).toHaveLength(30);
    socket.destroy();
  });

  it('closes a connection on which more than 32 requests wait, and still serves others', async () => {
    const flood = Array.from({ length: 20 }, () => {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined);
      socket.write(post(small).repeat(500));
      // The connection may be reset because bytes were still arriving. `once` would reject on that error.
      return new Promise((resolve) => socket.resume().once('close', resolve));
    });
    for (let i = 0; i < 5; i++) expect((await call(service.url, { body: small })).json.error).toBe(0);
    await Promise.all(flood);
    await allFree();
    const active = 'http_server_active_requests{http_request_method="POST",url_scheme="http"}';
    await eventually(async () => (await metric(service.url, active)) === 0);
  });

  it('drops the queued requests of a connection that closes', async () => {
    const body = bodyOf(sampleRows(20_000));
    for (const pause of [0, 50, 200]) {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined);
      socket.pause();
      socket.write(post(body).repeat(10));
      await eventually(async () => (await inFlight()) > 0);
      await setTimeout(pause);
      socket.destroy();
    }
    await allFree();
    const active = 'http_server_active_requests{http_request_method="POST",url_scheme="http"}';
    await eventually(async () => (await metric(service.url, active)) === 0);
    // Enough time for a request that still waited to start.
    await setTimeout(200);
    expect(await inFlight()).toBe(0);
  });

  it('serves others while hundreds of connections send a byte now and then', async () => {
    const slow = Array.from({ length: 300 }, () => rawRequest(service.port, ['Content-Length: 1000']));
    for (const request of slow) request.send('{');
    for (let i = 0; i < 20; i++) expect((await call(service.url, { body: small })).json.error).toBe(0);
    for (const request of slow) request.close();
    await allFree();
  });
});
