import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, type Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import express, { type Response } from 'express';
import { type Environment } from '../config/environment.js';
import { Drain } from './drain.js';

describe('the drain', () => {
  let drain: Drain;
  let times: { SHUTDOWN_DELAY_MS: number; SHUTDOWN_GRACE_MS: number };
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
  let server: Server;
  let port: number;
  let sockets: Socket[];
  /** The responses that have not been sent yet. */
  let waiting: Response[];
  let probed: Response[];
  let refusals: unknown[];

  beforeEach(async () => {
    times = { SHUTDOWN_DELAY_MS: 0, SHUTDOWN_GRACE_MS: 60_000 };
    const httpAdapter = { getHttpServer: () => server };
    drain = new Drain(times as Environment, { httpAdapter } as never);
    warn.mockClear();
    [waiting, probed, refusals, sockets] = [[], [], [], []];
    const app = express();
    app.use(drain.track);
    app.use((request, response) => {
      if (request.path === '/begun') response.flushHeaders();
      if (request.path.startsWith('/health')) probed.push(response.end('up'));
      else waiting.push(response);
    });
    app.use(((error: unknown, _: unknown, response: Response, __: unknown) => {
      refusals.push(error);
      response.status(503).end('refused');
    }) as express.ErrorRequestHandler);
    server = createServer(app);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  /** Opens a connection that can send several requests. `text()` is all that was received. */
  function client() {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.on('data', (piece) => (text += String(piece))).on('error', () => undefined);
    return {
      socket,
      get: (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`),
      text: () => text,
    };
  }
  const until = async (holds: () => boolean) => {
    while (!holds()) await setTimeout(5);
  };

  it('leaves requests before the shutdown alone', async () => {
    const one = client();
    one.get('/work');
    await until(() => waiting.length === 1);
    waiting[0]?.end('done');
    await until(() => one.text().includes('done'));
    expect(drain.isDraining).toBe(false);
    expect(one.text()).not.toContain('Connection: close');
  });

  it('still takes requests during the delay, and closes their connections', async () => {
    const one = client();
    times.SHUTDOWN_DELAY_MS = 300;
    const run = drain.run(server);
    expect(drain.isDraining).toBe(true);
    one.get('/work');
    await until(() => waiting.length === 1);
    waiting[0]?.end('done');
    await until(() => one.text().includes('done'));
    expect(one.text()).toContain('Connection: close');
    await run;
    expect(warn).not.toHaveBeenCalled();
  });

  it('refuses requests after the delay, answers probes, and waits for requests in flight', async () => {
    const one = client();
    one.get('/work');
    await until(() => waiting.length === 1);
    let isOver = false;
    const idle = client();
    idle.get('/health/live');
    await until(() => idle.text().endsWith('up'));
    const opened = client();
    await once(server, 'connection');
    const run = drain.run(server).finally(() => (isOver = true));
    await setTimeout(50);

    one.get('/work');
    one.get('/health/live');
    await until(() => probed.length === 2);
    const late = [idle, opened, client()];
    for (const { get } of late) get('/work');
    await until(() => late.every(({ text }) => text().endsWith('refused')));
    for (const { text } of late) expect(text()).toContain('Connection: close');
    const refusal = expect.objectContaining({
      errorCode: expect.objectContaining({ code: 52 }),
      message: 'the service is shutting down',
    });
    expect(refusals).toEqual([refusal, refusal, refusal, refusal]);
    expect(probed[1]?.getHeader('Connection')).toBe('close');
    expect(waiting).toHaveLength(1);
    await setTimeout(50);
    expect(isOver).toBe(false);

    waiting[0]?.end('done');
    await run;
    expect(warn).not.toHaveBeenCalled();
    expect(server.listening).toBe(false);
    await until(() => one.text().endsWith('done'));
    expect(one.text()).toContain('Connection: close');
  });

  it('waits for all requests in flight, even if their response has begun', async () => {
    const [one, two] = [client(), client()];
    one.get('/begun');
    await until(() => waiting.length === 1);
    two.get('/work');
    await until(() => waiting.length === 2);
    const run = drain.run(server);
    await setTimeout(50);
    waiting[1]?.end('second');
    await once(two.socket, 'close');
    expect(await Promise.race([run, setTimeout(50, 'waiting')])).toBe('waiting');
    waiting[0]?.end('first');
    await run;
    expect(warn).not.toHaveBeenCalled();
    await until(() => one.text().includes('first') && two.text().includes('second'));
  });

  it('forgets a client that has gone', async () => {
    const one = client();
    one.get('/work');
    await until(() => waiting.length === 1);
    one.socket.destroy();
    await once(waiting[0] as Response, 'close');
    await drain.run(server);
    expect(warn).not.toHaveBeenCalled();
  });

  it('cuts the requests that are still in flight when the time is over, and logs how many', async () => {
    const clients = [client(), client()];
    for (const { get } of clients) get('/work');
    await until(() => waiting.length === 2);
    const closed = Promise.all(clients.map(({ socket }) => once(socket, 'close')));
    times.SHUTDOWN_GRACE_MS = 50;
    await drain.run(server);
    expect(warn.mock.calls).toEqual([['2 requests were cut after SHUTDOWN_GRACE_MS']]);
    await closed;
    expect(clients.map(({ text }) => text())).toEqual(['', '']);
  });
});
