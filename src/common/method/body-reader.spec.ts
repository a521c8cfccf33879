import { type Environment } from '../config/environment.js';
import { once } from 'node:events';
import { createServer, request as open, type ClientRequest, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Request } from 'express';
import { type DecodedBody } from '../frame/frame-decoder.js';
import { turns } from '../turns.js';
import { BodyBudget } from './body-budget.js';
import { readBody, type BodyReading } from './body-reader.js';

const BODY = '{"param":{"scale":2},"scalar":{"headers":["date","a"],"data":[[1,5],[2,null]]}}';
const LIMIT = 300_000;

interface Reading {
  readonly body?: DecodedBody;
  readonly error?: { readonly name: string; readonly message: string; readonly errorCode?: { code: number } };
  readonly bytesIn: number;
  readonly inFlightBytes: number;
  readonly receive: number;
  readonly decode: number;
}

describe('the reader of a body', () => {
  let server: Server;
  let port: number;
  let readings: ((reading: Reading) => void)[] = [];
  let timeoutMs: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const limits = {
        MAX_BODY_BYTES: LIMIT,
        MAX_IN_FLIGHT_BYTES: LIMIT,
        REQUEST_TIMEOUT_MS: timeoutMs,
      } as Environment;
      const budget = new BodyBudget(limits);
      const [context, record] = [{ bytesIn: 0 }, { receive: 0, decode: 0 }];
      const tell = (outcome: Pick<Reading, 'body' | 'error'>) => {
        response.setHeader('Connection', 'close').end();
        const { inFlightBytes } = budget;
        readings.shift()?.({ ...outcome, bytesIn: context.bytesIn, inFlightBytes, ...record });
      };
      readBody(
        request as Request,
        { params: ['scale'], series: ['a'] },
        {
          limits,
          share: budget.open(),
          context,
          record,
        },
      ).then(
        (body) => tell({ body }),
        (error: unknown) => tell({ error: error as Required<Reading>['error'] }),
      );
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    readings = [];
    timeoutMs = 60_000;
  });

  /** Sends a request, and resolves with what the reader made of it. */
  function read(headers: Record<string, string>, send: (client: ClientRequest) => void): Promise<Reading> {
    const client = open({ port, host: '127.0.0.1', method: 'POST', headers, agent: false });
    client.on('error', () => undefined).on('response', (response) => response.resume());
    const reading = new Promise<Reading>((resolve) => readings.push(resolve));
    send(client);
    return reading;
  }
  const JSON_TYPE = { 'Content-Type': 'application/json' };
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
    read({ ...JSON_TYPE, ...headers }, (client) => client.end(body));
  const columnsOf = ({ body }: Reading) => [...(body?.frame.columns ?? [])];

  it('gives params and frame, and tells the bytes and the time that they took', async () => {
    const reading = await post(BODY);
    expect(reading.body?.params).toEqual({ scale: 2 });
    expect(columnsOf(reading)).toEqual([
      ['date', Float64Array.of(1, 2)],
      ['a', Float64Array.of(5, NaN)],
    ]);
    expect(reading.bytesIn).toBe(BODY.length);
    expect(reading.decode).toBeGreaterThan(0);
    expect(reading.receive).toBeGreaterThan(0);
  });

  it.each([undefined, 'gzip'])('separates the times of receiving and decoding, coding %s', async (coding) => {
    const body = coding === undefined ? Buffer.from(BODY) : gzipSync(BODY);
    const headers = { ...JSON_TYPE, ...(coding && { 'Content-Encoding': coding }) };
    const start = performance.now();
    const { receive, decode } = await read(headers, (client) => {
      client.write(body.subarray(0, 20));
      // The reader's time runs only from here.
      server.once('request', () => setTimeout(() => client.end(body.subarray(20)), 300));
    });
    // Less than the 300 above: on a busy machine decoding takes a part of them.
    expect(receive).toBeGreaterThan(200);
    expect(decode).toBeGreaterThan(0);
    expect(receive + decode).toBeLessThan(performance.now() - start);
  });

  it.each([
    ['application/json'],
    ['application/json;charset=utf-8'],
    ['application/json ; charset=UTF8'],
    ['Application/JSON; x=1; Charset="utf-8"'],
    ['application/json; x=charset=latin1'],
    ['application/json; charset=utf-16'],
    ['application/json; x="a;b,c\\"d"'],
    ['application/json;'],
    ['text/json'],
    ['application/vnd.kasem+json; version=1'],
    ['application/problem+json'],
    [''],
  ])('takes the content type %s', async (type) => {
    expect(columnsOf(await post(BODY, { 'Content-Type': type }))).toHaveLength(2);
  });

  it.each([
    'text/plain',
    'application/jsonp',
    'application/+json',
    'application/x-www-form-urlencoded',
    'text/vnd.x+json',
    'application/json, text/json',
    'text/plain; x="application/json"',
    ';application/json',
  ])('refuses the content type "%s"', async (type) => {
    expect((await post(BODY, { 'Content-Type': type })).error).toMatchObject({
      errorCode: { code: 16 },
      message: `Content-Type: expected application/json, text/json or application/*+json, got ${type}`,
    });
  });

  it('takes a body without a content type', async () => {
    expect(columnsOf(await read({}, (client) => client.end(BODY)))).toHaveLength(2);
  });

  it.each([
    ['gzip', gzipSync(BODY), 1 << 16],
    ['x-gzip', gzipSync(BODY), 1 << 16],
    [' GZip ', gzipSync(BODY), 1 << 16],
    ['gzip', Buffer.concat([gzipSync(BODY.slice(0, 9)), gzipSync(BODY.slice(9))]), 1 << 16],
    ['gzip', Buffer.concat([gzipSync(BODY), Buffer.alloc(3)]), 1 << 16],
    ['gzip', Buffer.concat([gzipSync(BODY), Buffer.alloc(250_000)]), 1 << 16],
    ['deflate', deflateSync(BODY), 1 << 16],
    ['deflate', deflateRawSync(BODY), 1 << 16],
    ['deflate', deflateRawSync(BODY, { level: 0 }), 1 << 16],
    ['br', brotliCompressSync(BODY), 1 << 20],
    ['identity', Buffer.from(BODY), 0],
    ['', Buffer.from(BODY), 0],
  ])('takes the content coding "%s"', async (coding, body, memory) => {
    const reading = await post(body, { 'Content-Encoding': coding });
    expect(reading.error).toBeUndefined();
    expect(columnsOf(reading)[0]).toEqual(['date', Float64Array.of(1, 2)]);
    expect(reading.bytesIn).toBe(body.length);
    // A request and its decompressor take memory of their own.
    expect(reading.inFlightBytes).toBe(Math.max(6_144, body.length) + memory);
    expect(reading.decode).toBeGreaterThan(0);
  });

  it('refuses another content coding by its name', async () => {
    expect((await post(BODY, { 'Content-Encoding': 'zstd' })).error).toMatchObject({
      errorCode: { code: 16 },
      message: 'Content-Encoding: expected gzip, deflate, br, got zstd',
    });
  });

  it.each([
    ['cut short', gzipSync(BODY).subarray(0, -12), 'unexpected end of file|Z_BUF_ERROR'],
    ['none', Buffer.from(BODY), 'Z_DATA_ERROR'],
    ['followed by something', Buffer.concat([gzipSync(BODY), Buffer.from('\0and more')]), 'bytes after its end'],
    [
      'followed by much more than the decompressor takes',
      Buffer.concat([gzipSync(BODY), Buffer.alloc(250_000, 'x')]),
      'Z_DATA_ERROR|bytes after its end',
    ],
    [
      'followed by zeros and by something',
      Buffer.concat([gzipSync(BODY), Buffer.alloc(250_000), Buffer.of(1)]),
      'bytes after its end',
    ],
    ['empty', Buffer.alloc(0), 'Z_BUF_ERROR'],
  ])('refuses gzip data that is %s', async (_, body, why) => {
    const { error } = await post(body, { 'Content-Encoding': 'gzip' });
    expect(error).toMatchObject({
      errorCode: { code: 10 },
      message: expect.stringMatching(`^the body is not valid gzip: (${why})$`),
    });
  });

  it('reads to the end after broken data and after invalid JSON', async () => {
    const rest = 'x'.repeat(200_000);
    const broken = await post(`no gzip${rest}`, { 'Content-Encoding': 'gzip' });
    expect([broken.error?.errorCode?.code, broken.bytesIn]).toEqual([10, 200_007]);
    const text = await post(`]${rest}`);
    expect([text.error?.errorCode?.code, text.bytesIn]).toEqual([10, 200_001]);
  });

  it.each([
    ['', (body: string) => Buffer.from(body)],
    ['gzip', gzipSync],
  ])('reads all of a body whose chunks have to wait for their turn, coding "%s"', async (coding, encode) => {
    let isOver = false;
    const others = Array.from({ length: 3 }, async () => {
      while (!isOver) await turns.next();
    });
    const rows = Array.from({ length: 5_000 }, (_, row) => `[${row},${row}]`);
    const body = encode(BODY.replace(/"data":\[.*\]\}\}$/, `"data":[${rows.join()}]}}`));
    try {
      for (let i = 0; i < 10; i++) {
        const reading = await post(body, { 'Content-Encoding': coding });
        expect(reading.error).toBeUndefined();
        expect(columnsOf(reading)[0]?.[1]).toHaveLength(rows.length);
      }
    } finally {
      isOver = true;
      await Promise.all(others);
    }
  });

  const long = (bytes: number) => BODY + ' '.repeat(bytes - BODY.length);

  it('takes a body as long as the limit, and refuses a longer one', async () => {
    expect(columnsOf(await post(long(LIMIT)))).toHaveLength(2);
    expect((await post(long(LIMIT + 1))).error).toMatchObject({
      errorCode: { code: 15 },
      message: `the body is longer than ${LIMIT} bytes`,
    });
  });

  it('refuses a body by its declared length before any of it has arrived', async () => {
    const declared = await read({ ...JSON_TYPE, 'Content-Length': String(LIMIT + 1) }, (client) =>
      client.flushHeaders(),
    );
    expect([declared.error?.errorCode?.code, declared.bytesIn]).toEqual([15, 0]);
  });

  it('counts the bytes of a body without a declared length, and the decompressed bytes', async () => {
    const chunked = await read(JSON_TYPE, (client) => {
      client.write(long(LIMIT - 1000));
      client.end(' '.repeat(2000));
    });
    expect(chunked.error?.errorCode?.code).toBe(15);
    const decompressed = await post(gzipSync(long(LIMIT + 1)), { 'Content-Encoding': 'gzip' });
    expect(decompressed.error?.errorCode?.code).toBe(15);
    expect(decompressed.bytesIn).toBe(gzipSync(long(LIMIT + 1)).length);
    expect(columnsOf(await post(gzipSync(long(LIMIT - 1000)), { 'Content-Encoding': 'gzip' }))).toHaveLength(2);
  });

  it('does not wait for the rest of a compressed body that has become too long', async () => {
    const { error } = await read({ ...JSON_TYPE, 'Content-Encoding': 'gzip' }, (client) =>
      client.write(gzipSync(long(LIMIT + 1))),
    );
    expect([15, 51]).toContain(error?.errorCode?.code);
  });

  it.each([undefined, 'gzip'])('gives up a body of coding %s that does not arrive in time', async (coding) => {
    timeoutMs = 400;
    const headers = { ...JSON_TYPE, ...(coding && { 'Content-Encoding': coding }) };
    const { error } = await read(headers, (client) => client.write(gzipSync(BODY).subarray(0, 5)));
    expect(error).toMatchObject({
      errorCode: { code: 14 },
      message: 'the body did not arrive within 400 milliseconds',
    });
  });

  it.each([undefined, 'gzip'])('notices that the client of a body of coding %s went away', async (coding) => {
    const headers = { ...JSON_TYPE, ...(coding && { 'Content-Encoding': coding }) };
    const { error } = await read(headers, (client) => {
      client.write(gzipSync(BODY).subarray(0, 5));
      setTimeout(() => client.destroy(), 50);
    });
    expect(error).toMatchObject({ name: 'ClientGoneError', message: 'the client went away' });
  });

  it('does not wait for a body that was read before', async () => {
    const reading = readBody({ readableDidRead: true } as Request, { params: [], series: [] }, {} as BodyReading);
    await expect(reading).rejects.toThrow('a body parser');
  });
});
