import { gzipSync } from 'node:zlib';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, metric, rawRequest, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const BUDGET = 2_000_000;
const MEBIBYTE_OF_SPACES = Buffer.alloc(1 << 20, ' ');

describe('the limits', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      MAX_IN_FLIGHT_BYTES: String(BUDGET),
      REQUEST_TIMEOUT_MS: '2000',
      ANSWER_TIMEOUT_MS: '300',
    });
  });
  afterAll(() => service.close());

  const inFlight = () => metric(service.url, 'kasem_in_flight_bytes');
  const allFree = () => eventually(async () => (await inFlight()) === 0);
  const small = bodyOf(sampleRows(3));

  it('refuses a body at once that would pass the bytes in flight, and takes it when they are free', async () => {
    const first = rawRequest(service.port, ['Content-Length: 1500000']);
    await eventually(async () => (await inFlight()) === 1_500_000);

    const second = rawRequest(service.port, ['Content-Length: 600000']);
    const answer = await second.received(/\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nRetry-After: 1\r\n/);
    expect(answer).toContain('"error":51,"log":"with this body more than 2000000 bytes would be in flight');
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
    const body = Array.from({ length: 3 }, () => MEBIBYTE_OF_SPACES);
    const answer = await call(service.url, { body });
    expect([answer.status, answer.json.error]).toEqual([503, 51]);
    await allFree();
  });

  it('counts a compressed body by what it becomes', async () => {
    const body = gzipSync(Buffer.concat([MEBIBYTE_OF_SPACES, MEBIBYTE_OF_SPACES]));
    const answer = await call(service.url, { body, headers: { 'Content-Encoding': 'gzip' } });
    expect([answer.status, answer.json.error]).toEqual([503, 51]);
    await allFree();
  });

  it('tells a client that asks first whether to send', async () => {
    const refused = rawRequest(service.port, [`Content-Length: ${BUDGET + 1}`, 'Expect: 100-continue']);
    expect(await refused.received(/\}$/)).toMatch(/^HTTP\/1\.1 503 /);
    refused.close();

    const taken = rawRequest(service.port, [`Content-Length: ${small.length}`, 'Expect: 100-continue']);
    expect(await taken.received(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    taken.send(small);
    expect(await taken.received(/\}$/)).toContain('"error":0');
    taken.close();
  });

  it('gives up a body that does not arrive in time, and closes its connection', async () => {
    const slow = rawRequest(service.port, ['Content-Length: 1000']);
    slow.send('{');
    const answer = await slow.received(/\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('{"error":14,"log":"the body did not arrive within 2000 milliseconds"}');
    await slow.closed;
    await allFree();
  });

  it('cuts clients that never read their answer, and is free again', async () => {
    const body = bodyOf(Array.from({ length: 40_000 }, (_, row) => [row, 1e300 / (row + 1), 1]));
    const silent = Array.from({ length: 2 }, () => {
      const socket = connect(service.port, '127.0.0.1').on('error', () => undefined);
      socket.pause();
      socket.write(
        `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return socket;
    });
    await eventually(async () => (await inFlight()) > 0);
    await allFree();
    expect((await call(service.url, { body: small })).json.error).toBe(0);
    for (const socket of silent) socket.destroy();
  });

  it('answers others while hundreds of connections send a byte now and then', async () => {
    const slow = Array.from({ length: 300 }, () => rawRequest(service.port, ['Content-Length: 1000']));
    for (const request of slow) request.send('{');
    for (let i = 0; i < 20; i++) expect((await call(service.url, { body: small })).json.error).toBe(0);
    for (const request of slow) request.close();
    await allFree();
  });
});
