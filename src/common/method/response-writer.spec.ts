import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Response } from 'express';
import { Frame } from '../frame/frame.js';
import { turns } from '../turns.js';
import { writeResponse } from './response-writer.js';

/** Rows of 100 bytes at most and 8 at least. */
const frameOf = (rows: number) =>
  new Frame(new Map([['date', Float64Array.from({ length: rows }, (_, row) => row + 1 / (row + 3))]]));
const textOf = (frame: Frame, log: string) => {
  // Each date has a fraction.
  const data = Array.from(frame.column('date'), (date) => [date]);
  return JSON.stringify({ scalar: { headers: ['date'], data }, error: 0, log });
};

const countsOf = (response: ServerResponse) => ({
  drain: response.listenerCount('drain'),
  close: response.listenerCount('close'),
});

describe('the writer of a response', () => {
  let server: Server;
  let frame: Frame;
  const log = '"quoted" é';
  const context = { bytesOut: 0 };
  const record = { encode: 0 };
  let written: Promise<void>;
  let listeners: () => number;

  beforeAll(async () => {
    server = createServer((_, response) => {
      [context.bytesOut, record.encode] = [0, 0];
      const { drain, close } = countsOf(response);
      listeners = () => countsOf(response).drain - drain + countsOf(response).close - close;
      written = writeResponse(response as unknown as Response, frame, log, {
        context,
        record,
        missing: 'null',
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function ask(rows: number): Promise<IncomingMessage> {
    frame = frameOf(rows);
    const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  it('sends a small response with its length', async () => {
    const start = performance.now();
    const response = await ask(3);
    const expected = textOf(frame, log);
    expect(await text(response)).toBe(expected);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(expected)),
    });
    await written;
    expect(listeners()).toBe(0);
    expect(context.bytesOut).toBe(Buffer.byteLength(expected));
    expect(record.encode).toBeGreaterThan(0);
    expect(record.encode).toBeLessThan(performance.now() - start);
  });

  it('sends a large one in pieces, and the same bytes', async () => {
    const start = performance.now();
    const response = await ask(100_000);
    const expected = textOf(frame, log);
    expect((await text(response)) === expected).toBe(true);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'transfer-encoding': 'chunked',
    });
    await written;
    expect(listeners()).toBe(0);
    expect(context.bytesOut).toBe(Buffer.byteLength(expected));
    expect(record.encode).toBeGreaterThan(0);
    expect(record.encode).toBeLessThan(performance.now() - start);
  });

  it('gives others their turns, even if the client takes everything at once', async () => {
    let [isOver, given, pieces] = [false, 0, 0];
    const other = (async () => {
      for (; !isOver; given++) await turns.next();
    })();
    const endless = { destroyed: false, setHeader: () => undefined, end: () => undefined };
    const write = (): boolean => ++pieces > 0;
    await writeResponse({ ...endless, write } as unknown as Response, frameOf(100_000), log, {
      context,
      record,
      missing: 'null',
    }).finally(() => (isOver = true));
    await other;
    expect(given).toBeGreaterThan(pieces / 2);
  });

  it('waits for a client that does not read, and stops when it has gone', async () => {
    const response = await ask(2_000_000);
    const outcome = written.then(() => 'over');
    let before = -1;
    while (before !== context.bytesOut) {
      before = context.bytesOut;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(context.bytesOut).toBeLessThan(30_000_000);
    expect(await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, 'writing'))])).toBe('writing');
    response.destroy();
    expect(await outcome).toBe('over');
    expect(context.bytesOut).toBeLessThan(30_000_000);
  });
});
