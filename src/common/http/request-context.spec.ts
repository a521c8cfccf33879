import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RequestContext, contextOf, isProbe, observe, serverTiming } from './request-context.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('a request context', () => {
  let [begun, ended, seen]: [RequestContext[], RequestContext[], RequestContext[]] = [[], [], []];
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const app = express();
    app.use(
      observe([
        { begun: (context) => void begun.push(context), ended: (context) => void ended.push(context) },
        { ended: (context) => void ended.push(context) },
      ]),
    );
    app.get('/wait', (_, response) => {
      seen.push(contextOf(response));
    });
    app.use((_, response) => {
      seen.push(contextOf(response));
      response.end('done');
    });
    server = createServer(app);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    [begun, ended, seen] = [[], [], []];
  });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('is the same for all handlers, and given to each observer at its end', async () => {
    const start = performance.now();
    const response = await fetch(`${url}/health`, { headers: { 'X-Request-ID': 'mine' } });
    expect(await response.text()).toBe('done');
    await until(() => ended.length === 2);
    const [context] = seen as [RequestContext];
    expect([begun, ended]).toEqual([[context], [context, context]]);
    expect([context.id, response.headers.get('X-Request-ID')]).toEqual(['mine', 'mine']);
    expect([context.isComplete, context.isProbe, context.remoteAddress]).toEqual([true, true, '127.0.0.1']);
    expect([context.bytesIn, context.bytesOut, context.error, context.call]).toEqual([0, 0, undefined, undefined]);
    expect(context.duration).toBeGreaterThan(0);
    expect(context.duration).toBeLessThan(performance.now() - start);
  });

  it('is not complete if the client hangs up before its response', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const before = ended.length;
    socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => begun.at(-1)?.request.path === '/wait');
    expect(begun.at(-1)?.isComplete).toBe(false);
    socket.destroy();
    await until(() => ended.length === before + 2);
    expect([ended.at(-1)?.isComplete, ended.at(-1)?.isProbe]).toEqual([false, false]);
  });

  it.each(['kasem-17', 'a/b=c+d@e.f:1_2', 'x'.repeat(128)])('takes the id %.20s of its client', async (given) => {
    const response = await fetch(url, { headers: { 'X-Request-ID': given } });
    expect(response.headers.get('X-Request-ID')).toBe(given);
  });

  it.each(['', 'a b', '"quoted"', 'x\ty', 'x'.repeat(129), 'a,b', '<b', 'b>'])(
    'replaces the id %.20j by one of its own',
    async (given) => {
      const ids = [1, 2].map(async () =>
        (await fetch(url, { headers: { 'X-Request-ID': given } })).headers.get('X-Request-ID'),
      );
      const [one, two] = await Promise.all(ids);
      expect([one, two]).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID)]);
      expect(one).not.toBe(two);
    },
  );
});

describe('a probe', () => {
  it.each([
    ['/health', true],
    ['/health/', true],
    ['/Health/live', true],
    ['/metrics', true],
    ['/METRICS/', true],
    ['/healthy', false],
    ['/metrics2', false],
    ['/method', false],
    ['/method/health', false],
    ['/', false],
  ])('is what asks for %s: %p', (path, expected) => {
    expect(isProbe({ path } as Request)).toBe(expected);
  });
});

describe('Server-Timing', () => {
  it('has the times before the response, in milliseconds to the microsecond', () => {
    const call = { method: 'm', rows: 1, receive: 1.25, decode: 0.0004, compute: 1000, encode: 7 };
    expect(serverTiming(call)).toBe('receive;dur=1.25, decode;dur=0, compute;dur=1000');
  });
});
