import { connect } from 'node:net';
import { once } from 'node:events';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../src/common/errors/error-codes.js';
import { bodyOf, call, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const LIMIT = 20_000_000;

describe('the transport', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ MAX_BODY_BYTES: String(LIMIT) });
  });
  afterAll(() => service.close());

  const small = bodyOf(
    [
      [1420066800.5, 1.25e-3, null],
      [1420066801, -17.5, 503.28803528253366],
    ],
    25,
  );
  const sums = [
    [1420066800.5, null],
    [1420066801, 25 * (-17.5 + 503.28803528253366)],
  ];

  it('takes a body byte by byte', async () => {
    const pieces = Array.from(Buffer.from(small), (byte) => Buffer.from([byte]));
    expect((await call(service.url, { body: pieces })).json.scalar?.data).toEqual(sums);
  });

  it.each([2, 3, 5, 7, 11])('takes a body in pieces of %i bytes, which split every token', async (size) => {
    const body = Buffer.from(small);
    const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
      body.subarray(i * size, (i + 1) * size),
    );
    expect((await call(service.url, { body: pieces })).json.scalar?.data).toEqual(sums);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    // The default, the best compression, takes seconds.
    ['br', (body: Buffer) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])('takes a body that is compressed with %s', async (coding, compress) => {
    const body = compress(Buffer.from(bodyOf(sampleRows(50_000))));
    const response = await call(service.url, { body, headers: { 'Content-Encoding': coding } });
    expect(response.json.scalar?.data).toHaveLength(50_000);
  });

  it.each([
    ['cut short', gzipSync(small).subarray(0, -12)],
    ['no gzip', Buffer.from(small)],
    ['followed by something', Buffer.concat([gzipSync(small), Buffer.from('and more')])],
    ['empty', Buffer.alloc(0)],
  ])('refuses a compressed body that is %s', async (_, body) => {
    const response = await call(service.url, { body, headers: { 'Content-Encoding': 'gzip' } });
    expect([response.status, response.json.error]).toEqual([400, ERROR_CODES.MALFORMED_JSON.code]);
  });

  it.each([
    ['another content type', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['another content coding', { 'Content-Encoding': 'zstd' }],
  ])('refuses %s', async (_, headers) => {
    const response = await call(service.url, { body: small, headers });
    expect([response.status, response.json.error]).toEqual([415, ERROR_CODES.UNSUPPORTED_MEDIA_TYPE.code]);
  });

  it('accepts the content type in capitals and with a charset', async () => {
    const headers = { 'Content-Type': 'Application/JSON; Charset="UTF-8"' };
    expect((await call(service.url, { body: small, headers })).json.error).toBe(0);
  });

  const spaces = Buffer.alloc(LIMIT + 1, ' ');
  it.each([
    ['declares more than the limit', { body: spaces }],
    ['sends more than the limit', { body: [spaces.subarray(0, LIMIT), spaces.subarray(0, 2)] }],
    ['decompresses to more than the limit', { body: gzipSync(spaces), headers: { 'Content-Encoding': 'gzip' } }],
  ])('refuses a body that %s', async (_, request) => {
    const response = await call(service.url, request);
    expect([response.status, response.json.error]).toEqual([413, ERROR_CODES.PAYLOAD_TOO_LARGE.code]);
    expect(response.json.log).toBe(`the body is longer than ${LIMIT} bytes`);
  });

  it.each([
    ['GET', '/method', 405, 'POST'],
    ['DELETE', '/sum/', 405, 'POST'],
    ['OPTIONS', '/method', 405, 'POST'],
    ['POST', '/health', 405, 'GET, HEAD'],
    ['POST', '/methods', 404, undefined],
    ['POST', '/', 405, 'GET, HEAD'],
    ['GET', '/index.html', 404, undefined],
    ['GET', '/%E0%A4%A', 404, undefined],
    ['GET', '/docs/%E0%A4%A', 404, undefined],
  ])('answers %s %s with %i', async (method, path, status, allow) => {
    const response = await call(service.url, { method, path });
    expect([response.status, response.headers.allow]).toEqual([status, allow]);
    expect(response.json).toEqual({ error: status === 404 ? 12 : 13, log: expect.any(String) });
  });

  it('keeps two large bodies apart that arrive interleaved', async () => {
    const split = (body: string) =>
      Array.from({ length: 100 }, (_, i) =>
        Buffer.from(body.slice((i * body.length) / 100, ((i + 1) * body.length) / 100)),
      );
    const [one, two] = [sampleRows(30_000, 1), sampleRows(30_000, 2)];
    const responses = await Promise.all([
      call(service.url, { body: split(bodyOf(one, 2)) }),
      call(service.url, { body: split(bodyOf(two, -1)) }),
    ]);
    const expected = (rows: number[][], scale: number) =>
      rows.map(([date, e1, e2]) => [date, scale * ((e1 as number) + (e2 as number))]);
    expect(responses[0].json.scalar?.data).toEqual(expected(one, 2));
    expect(responses[1].json.scalar?.data).toEqual(expected(two, -1));
  });

  it('still works after clients that disconnect halfway', async () => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(service.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n${small}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.destroy();
    }
    expect((await call(service.url, { body: small })).json.error).toBe(0);
  });

  it('responds to a client that sends everything before it reads, even after a fault at the start', async () => {
    const response = await call(service.url, { body: `]${bodyOf(sampleRows(100_000))}` });
    expect([response.status, response.json.error]).toEqual([400, ERROR_CODES.MALFORMED_JSON.code]);
  });

  it('handles several requests on one connection', async () => {
    const socket = connect(service.port, '127.0.0.1');
    const one = `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${small.length}\r\n\r\n${small}`;
    socket.write(
      one + one + one.replace('/method', '/nope') + one.replace('HTTP/1.1\r\n', 'HTTP/1.1\r\nConnection: close\r\n'),
    );
    let text = '';
    for await (const piece of socket) text += String(piece);
    expect(text.match(/"error":\d+/g)).toEqual(['"error":0', '"error":0', '"error":12', '"error":0']);
  });

  it.each([
    ['no HTTP', 'what is this\r\n\r\n', 400],
    [
      'a broken chunk',
      'POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      400,
    ],
    ['a header without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ])('answers %s with JSON and closes the connection', async (_, bytes, status) => {
    const socket = connect(service.port, '127.0.0.1');
    socket.write(bytes);
    let text = '';
    for await (const piece of socket) text += String(piece);
    const [head, body] = text.split('\r\n\r\n') as [string, string];
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('Connection: close');
    expect(JSON.parse(body)).toEqual({ error: ERROR_CODES.BAD_REQUEST.code, log: expect.any(String) });
  });
});
