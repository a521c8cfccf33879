import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Response } from 'express';
import { Frame } from '../frame/frame.js';
import { turns } from '../frame/turns.js';
import { writeAnswer } from './response-writer.js';

/** Rows of 100 bytes at most and 8 at least. */
const frameOf = (rows: number) =>
  new Frame(new Map([['date', Float64Array.from({ length: rows }, (_, row) => row + 1 / (row + 3))]]));
const textOf = (frame: Frame, log: string) => {
  const data = Array.from(frame.column('date'), (date) => [date]);
  return JSON.stringify({ scalar: { headers: ['date'], data }, error: 0, log });
};

const countsOf = (response: ServerResponse) => ({
  drain: response.listenerCount('drain'),
  close: response.listenerCount('close'),
});

describe('the writer of an answer', () => {
  let server: Server;
  let frame: Frame;
  const log = '"quoted" é';
  const exchange = { bytesOut: 0 };
  const record = { encode: 0 };
  let written: Promise<void>;
  let listeners: () => number;

  beforeAll(async () => {
    server = createServer((_, response) => {
      [exchange.bytesOut, record.encode] = [0, 0];
      const { drain, close } = countsOf(response);
      listeners = () => countsOf(response).drain - drain + countsOf(response).close - close;
      written = writeAnswer(response as unknown as Response, frame, log, { exchange, record });
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
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  }

  it('sends a small answer with its length', async () => {
    const start = performance.now();
    const answer = await ask(3);
    const expected = textOf(frame, log);
    expect(await text(answer)).toBe(expected);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(expected)),
    });
    await written;
    expect(listeners()).toBe(0);
    expect(exchange.bytesOut).toBe(Buffer.byteLength(expected));
    expect(record.encode).toBeGreaterThan(0);
    expect(record.encode).toBeLessThan(performance.now() - start);
  });

  it('sends a large one in pieces, and the same bytes', async () => {
    const start = performance.now();
    const answer = await ask(100_000);
    const expected = textOf(frame, log);
    expect((await text(answer)) === expected).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'transfer-encoding': 'chunked',
    });
    await written;
    expect(listeners()).toBe(0);
    expect(exchange.bytesOut).toBe(Buffer.byteLength(expected));
    expect(record.encode).toBeGreaterThan(0);
    expect(record.encode).toBeLessThan(performance.now() - start);
  });

  it('gives others their turns, also where everything is taken at once', async () => {
    let [isOver, given, pieces] = [false, 0, 0];
    const other = (async () => {
      for (; !isOver; given++) await turns.next();
    })();
    const endless = { destroyed: false, setHeader: () => undefined, end: () => undefined };
    const write = (): boolean => ++pieces > 0;
    await writeAnswer({ ...endless, write } as unknown as Response, frameOf(100_000), log, {
      exchange,
      record,
    }).finally(() => (isOver = true));
    await other;
    expect(given).toBeGreaterThan(pieces / 2);
  });

  it('waits for a client that does not read, and stops when it has gone', async () => {
    const answer = await ask(2_000_000);
    const outcome = written.then(() => 'over');
    let before = -1;
    while (before !== exchange.bytesOut) {
      before = exchange.bytesOut;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(exchange.bytesOut).toBeLessThan(30_000_000);
    expect(await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, 'writing'))])).toBe(
      'writing',
    );
    answer.destroy();
    expect(await outcome).toBe('over');
    expect(exchange.bytesOut).toBeLessThan(30_000_000);
  });
});
