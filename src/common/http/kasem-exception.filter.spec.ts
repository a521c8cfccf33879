import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  BadGatewayException,
  ForbiddenException,
  HttpException,
  ImATeapotException,
  InternalServerErrorException,
  Logger,
  NotFoundException,
  PayloadTooLargeException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import express, { type Request, type Response } from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RequestContext, contextOf, observe } from './request-context.js';
import { ERROR_CODES, type ErrorName } from '../errors/error-codes.js';
import { errorResponse, KasemExceptionFilter } from './kasem-exception.filter.js';
import { type Environment } from '../config/environment.js';
import { Routes } from './routes.js';
import { KasemError } from '../errors/kasem.error.js';

const table = Object.entries(ERROR_CODES) as [ErrorName, (typeof ERROR_CODES)[ErrorName]][];

describe('the table of errors', () => {
  it('is the table of docs/errors.md', () => {
    const documented = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => /^\| \d/.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(documented).toEqual(
      table.map(([name, { code, status, managed, when }]) => [
        String(code),
        name,
        String(status),
        managed ? 'yes' : 'no',
        when,
      ]),
    );
  });

  it('has each code once, below those of methods', () => {
    const codes = table.map(([, { code }]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(Math.max(...codes)).toBeLessThan(1000);
  });
});

describe('a failure', () => {
  it.each(table)(
    '%s is answered with its code, and the status that is configured',
    (name, { code, status, managed }) => {
      const contract = errorResponse(new KasemError(name, 'why'), 'contract');
      const http = errorResponse(new KasemError(name, 'why'), 'http');
      expect([contract.status, http.status]).toEqual([managed ? 200 : status, status]);
      expect(contract.body).toEqual({ error: code, log: 'why' });
      expect(http.body).toEqual(contract.body);
    },
  );

  it('of a method is answered with its own code', () => {
    const own = { code: 1000, status: 422, managed: true, when: 'The gain is out of range.' };
    expect(errorResponse(new KasemError(own, 'why'), 'contract')).toMatchObject({
      status: 200,
      body: { error: 1000 },
    });
  });

  it.each([
    ['UNAUTHORIZED', 'WWW-Authenticate'],
    ['UNSUPPORTED_MEDIA_TYPE', 'Accept-Encoding'],
    ['OVERLOADED', 'Retry-After'],
    ['SHUTTING_DOWN', 'Retry-After'],
  ] as const)('%s carries %s', (name, header) => {
    expect(errorResponse(new KasemError(name, 'why'), 'contract').headers).toHaveProperty(header);
  });

  it.each([
    ['an error', new Error('secret /srv/app')],
    ['text', 'secret'],
    ['nothing', undefined],
    ['an object', { secret: 1 }],
  ])('that is %s is answered as INTERNAL without its cause', (_, thrown) => {
    const { status, body } = errorResponse(thrown, 'contract');
    expect(status).toBe(500);
    expect(body).toEqual({
      error: 50,
      log: 'a fault of the service; its log holds the cause under the X-Request-ID of this response',
    });
  });

  it.each([
    [new UnauthorizedException('no'), 401, { error: 17, log: 'no' }],
    [new ForbiddenException('no'), 403, { error: 17, log: 'no' }],
    [new NotFoundException('no such sensor'), 404, { error: 17, log: 'no such sensor' }],
    [new PayloadTooLargeException('no'), 413, { error: 17, log: 'no' }],
    [new ImATeapotException('tea'), 418, { error: 17, log: 'tea' }],
    [new InternalServerErrorException('secret'), 500, { error: 50, log: 'Internal Server Error' }],
    [new BadGatewayException('secret'), 502, { error: 50, log: 'Bad Gateway' }],
    [new ServiceUnavailableException('secret'), 503, { error: 50, log: 'Service Unavailable' }],
  ])('of Nest keeps its status, and has no error that means something else: %#', (thrown, status, body) => {
    expect(errorResponse(thrown, 'contract')).toEqual({ status, headers: {}, body });
  });

  it('of a health check keeps the body of terminus', () => {
    const body = { status: 'error', info: {}, error: { ready: { status: 'down' } }, details: {} };
    expect(errorResponse(new ServiceUnavailableException(body), 'contract')).toEqual({
      status: 503,
      headers: {},
      body,
    });
  });
});

describe('the filter', () => {
  let [logged, contexts]: [unknown[], RequestContext[]] = [[], []];
  let server: Server;
  let url: string;

  beforeAll(async () => {
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (fault: unknown) => void logged.push(fault),
    });
    const routes = new Routes();
    const route = (verb: string, path: string) => routes.add(verb, express().route(path), () => undefined);
    for (const path of ['/text', '/error', '/unavailable', '/timed', '/half', '/gone', '/health', '/absent'])
      route('GET', path);
    for (const verb of ['POST', 'PUT']) route(verb, '/two');
    route('POST', '/absent');
    const filter = new KasemExceptionFilter(
      { ERROR_HTTP_STATUS: 'http' } as Environment,
      { httpAdapter: { routes } } as never,
    );
    const app = express();
    const fail = (thrown: unknown, request: Request, response: Response) =>
      filter.catch(thrown, new ExecutionContextHost([request, response]));
    app.use(observe([{ ended: (context) => void contexts.push(context) }]));
    app.get('/text', (request, response) => fail('secret', request, response));
    app.get('/error', (request, response) => fail(new TypeError('secret'), request, response));
    app.get('/unavailable', (request, response) => fail(new ServiceUnavailableException('secret'), request, response));
    app.get('/timed', (request, response) => {
      contextOf(response).call = { method: 'm', rows: 0, receive: 1, decode: 2, compute: 3, encode: 0 };
      fail(new KasemError('OVERFLOW', 'why'), request, response);
    });
    app.get('/half', (request, response) => {
      contextOf(response).call = { method: 'm', rows: 0, receive: 1, decode: 2, compute: 3, encode: 0 };
      response.write('half');
      fail(new Error('secret'), request, response);
    });
    app.get('/gone', (request, response) => {
      response.destroy();
      fail(new Error('nobody is left'), request, response);
    });
    app.get('/health', (request, response) =>
      fail(new ServiceUnavailableException({ status: 'error', details: {} }), request, response),
    );
    app.get('/absent', (request, response) => fail(new NotFoundException('no such row'), request, response));
    app
      .route('/two')
      .post(() => undefined)
      .put(() => undefined);
    app.post('/absent', (request, response) => fail(new NotFoundException('no such post'), request, response));
    app.use('/two', (request, response, next) =>
      request.query.tenant === 'none' ? fail(new NotFoundException('no such tenant'), request, response) : next(),
    );
    app.use((request, response) =>
      fail(new NotFoundException(`Cannot ${request.method} ${request.originalUrl}`), request, response),
    );
    app.use(((thrown: unknown, request: Request, response: Response, _: unknown) =>
      fail(thrown, request, response)) as express.ErrorRequestHandler);
    server = createServer(app);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    [logged, contexts] = [[], []];
  });

  async function ask(path: string, method = 'GET') {
    const response = await fetch(`${url}${path}`, { method });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
  const ended = async (path: string) => {
    let context: RequestContext | undefined;
    while ((context = contexts.find(({ request }) => request.path === path)) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return context;
  };

  it('logs an INTERNAL error with its stack and the id of the request, whatever is thrown', async () => {
    for (const [path, status, name] of [
      ['/text', 500, 'Error: thrown without an Error: secret'],
      ['/error', 500, 'TypeError: secret'],
      ['/unavailable', 503, 'ServiceUnavailableException: secret'],
    ] as const) {
      const response = await ask(path);
      expect(response.status).toBe(status);
      expect(response.text).not.toContain('secret');
      const [fault] = logged.splice(0) as [{ requestId: string; err: Error }];
      expect(fault.requestId).toBe(response.headers.get('X-Request-ID'));
      expect(String(fault.err)).toBe(name);
      expect((await ended(path)).error).toBe(50);
    }
  });

  it('sends the times of a call, and notes its error', async () => {
    const response = await ask('/timed');
    expect([response.status, JSON.parse(response.text)]).toEqual([422, { error: 30, log: 'why' }]);
    expect(response.headers.get('Server-Timing')).toBe('receive;dur=1, decode;dur=2, compute;dur=3');
    expect((await ended('/timed')).error).toBe(30);
    expect((await ask('/absent')).headers.get('Server-Timing')).toBeNull();
    expect(logged).toEqual([]);
  });

  it('cuts a response that has begun', async () => {
    await expect(ask('/half')).rejects.toThrow();
    expect((await ended('/half')).isComplete).toBe(false);
    expect(logged.splice(0)).toHaveLength(1);
  });

  it('neither answers nor logs a client that has gone', async () => {
    await expect(ask('/gone')).rejects.toThrow();
    expect((await ended('/gone')).error).toBeUndefined();
    expect(logged).toEqual([]);
  });

  it('leaves the response of a health check without an error code', async () => {
    expect((await ask('/health')).text).toBe('{"status":"error","details":{}}');
    expect((await ended('/health')).error).toBeUndefined();
  });

  it.each([
    ['GET', '/nowhere', 404, 12, 'there is no /nowhere', null],
    ['GET', '/two', 405, 13, '/two: expected POST or PUT, got GET', 'POST, PUT'],
    ['DELETE', '/absent', 405, 13, '/absent: expected GET or HEAD or POST, got DELETE', 'GET, HEAD, POST'],
    ['GET', '/absent', 404, 17, 'no such row', null],
    ['POST', '/absent', 404, 17, 'no such post', null],
    ['GET', '/two?tenant=none', 404, 17, 'no such tenant', null],
    ['GET', '/%E0%A4%A', 404, 12, 'there is no /%E0%A4%A', null],
  ])('answers %s %s with %i', async (method, path, status, error, log, allow) => {
    const response = await ask(path, method);
    expect([response.status, JSON.parse(response.text), response.headers.get('Allow')]).toEqual([
      status,
      { error, log },
      allow,
    ]);
  });

  it('answers HEAD as GET with 404 and 405', async () => {
    const [there, elsewhere] = [await ask('/absent', 'HEAD'), await ask('/two', 'HEAD')];
    expect([there.status, there.headers.get('Allow')]).toEqual([404, null]);
    expect([elsewhere.status, elsewhere.headers.get('Allow')]).toEqual([405, 'POST, PUT']);
  });

  it.each([
    ['UNAUTHORIZED', { 'WWW-Authenticate': 'Bearer' }],
    ['UNSUPPORTED_MEDIA_TYPE', { 'Accept-Encoding': 'gzip, deflate, br' }],
    ['REQUEST_TIMEOUT', { Connection: 'close' }],
    ['BAD_REQUEST', { Connection: 'close' }],
    ['OVERLOADED', { 'Retry-After': '1' }],
    ['SHUTTING_DOWN', { 'Retry-After': '1', Connection: 'close' }],
    ['METHOD_TIMEOUT', {}],
    ['INVALID_BODY', {}],
  ] as const)('gives %s the headers %j', (name, headers) => {
    expect(errorResponse(new KasemError(name, 'why'), 'contract').headers).toEqual(headers);
  });

  it.each([
    [400, 17, 'tea'],
    [418, 17, 'tea'],
    [499, 17, 'tea'],
    [500, 50, 'Internal Server Error'],
    [599, 50, 'a fault of the service'],
  ])('gives a status %i from elsewhere the nearest error', (status, error, log) => {
    expect(errorResponse(new HttpException('tea', status), 'http')).toEqual({
      status,
      headers: {},
      body: { error, log },
    });
  });

  it.each([null, 'text', { status: 'error' }, { details: {} }])(
    'does not take %j for the response of a health check',
    (body) => {
      expect(errorResponse(new HttpException(body as object, 503), 'http').body).toEqual({
        error: 50,
        log: 'Service Unavailable',
      });
    },
  );
});
