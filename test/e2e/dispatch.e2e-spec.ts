import { type Duplex } from 'node:stream';
import {
  Injectable,
  Module,
  RequestMethod,
  VersioningType,
  type CallHandler,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { catchError, map, of, retry, timeout, type Observable } from 'rxjs';
import { type HttpAdapter } from '../../src/common/http/http-adapter.js';
import { ProbeModule } from '../fixtures/probe/probe.module.js';
import { bodyOf, call, rawRequest } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const body = bodyOf([[1, 2, 3]]);
const passOn = (_: unknown, __: unknown, next: NextFunction): void => next();

/** Middleware for all paths. With it, no request is dispatched directly. */
@Module({})
class ThroughExpress implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(passOn).forRoutes('{*path}');
  }
}

const adapterOf = (app: NestExpressApplication) => app.getHttpAdapter() as unknown as HttpAdapter;
const routesOf = (app: NestExpressApplication) => adapterOf(app).routes;

async function ask(url: string, method = 'GET', headers: Record<string, string> = {}) {
  const response = await fetch(url, { method, headers, redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

describe.each([
  ['directly', true, [ProbeModule]],
  ['through Express', false, [ProbeModule, ThroughExpress]],
])('an application of Nest whose requests come %s', (_, isDirect, modules) => {
  let service: Service;
  let app: NestExpressApplication;
  beforeAll(async () => {
    service = await startService({}, modules, (prepared) => {
      app = prepared;
      app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
    });
  });
  afterAll(() => service.close());

  const send = (method: string, path: string, headers?: Record<string, string>) =>
    ask(service.url + path, method, headers);

  it('uses that way', () => {
    for (const [verb, path] of [
      ['POST', '/method'],
      ['POST', '/probe/order'],
      ['GET', '/probe/response'],
      ['SEARCH', '/probe/search'],
      ['GET', '/health/live'],
    ] as const)
      expect([path, routesOf(app).find(verb, path) !== undefined]).toEqual([path, isDirect]);
    // A path with a parameter needs Express's router. So does a later route that such a path also matches.
    expect(routesOf(app).find('GET', '/probe/:id')).toBeUndefined();
  });

  it('runs guards, interceptors and pipes in their order', async () => {
    expect(JSON.parse((await send('POST', '/probe/order?q=x')).text)).toEqual({
      trace: [
        ...['global guard', 'local guard', 'global interceptor', 'local interceptor'],
        ...['local interceptor after', 'global interceptor after'],
      ],
      q: 'x global local',
    });
    for (const name of ['global', 'local'])
      expect((await send('POST', '/probe/order', { 'X-Refuse': name })).text).toBe(
        '{"error":17,"log":"Forbidden resource"}',
      );
  });

  it.each([
    ['/probe/request?a=1&b=2', '/probe/request'],
    ['/Probe/REQUEST/?a=1&b=2', '/Probe/REQUEST/'],
    ['//probe///request//?a=1&b=2', '/probe/request/'],
    ['/probe/request?a=1&b=2#//c', '/probe/request'],
    ['http://127.0.0.1//probe/request?a=1&b=2', '/probe/request'],
  ])('gives the request %s all that Express gives it', async (url, path) => {
    const request = rawRequest(service.port, ['Connection: close'], url);
    const text = await request.received(/}$/);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual({
      path,
      url: `${path}?a=1&b=2`,
      originalUrl: `${path}?a=1&b=2`,
      baseUrl: '',
      query: { a: '1', b: '2' },
      params: {},
      ip: '127.0.0.1',
      hostname: url.startsWith('http') ? '127.0.0.1' : 'x',
      protocol: 'http',
      xhr: false,
      route: '/probe/request',
      accepts: 'json',
      isSame: true,
      inherits: false,
    });
  });

  it('gives the response all that Express gives it', async () => {
    const { status, headers, text } = await send('GET', '/probe/response');
    expect([status, text]).toEqual([201, '{"kept":"kept"}']);
    expect(['x-probe', 'set-cookie', 'vary', 'content-type'].map((name) => headers.get(name))).toEqual([
      'yes',
      'a=b; Path=/',
      'Accept',
      'application/json; charset=utf-8',
    ]);
  });

  it.each([
    ['GET', '/probe/passthrough', 202, 'text'],
    ['HEAD', '/probe/passthrough', 202, ''],
    ['GET', '/probe/redirect', 301, 'Moved Permanently. Redirecting to /probe/response'],
    ['GET', '/probe/none', 200, ''],
    ['GET', '/probe/later', 200, '{"later":true}'],
    ['GET', '/probe/stream', 200, 'one two'],
    ['HEAD', '/probe/stream', 200, ''],
    ['GET', '/probe/events', 200, '\nid: 1\ndata: 1\n\nid: 2\ndata: two\n\n'],
    ['GET', '/probe/failed-late', 200, `"${'x'.repeat(1 << 24)}"`],
    ['SEARCH', '/probe/search', 200, 'found'],
    ['GET', '/probe/file', 404, '{"error":17,"log":"Not Found"}'],
    ['GET', '/probe/some', 200, '{"id":"some global"}'],
    ['GET', '/probe/either', 200, '{"path":"/probe/either{/or}"}'],
    ['POST', '/probe-scoped?a=1', 201, '{"isSame":true,"query":{"a":"1"}}'],
    ['POST', '/probe/twice', 201, '"first"'],
    ['POST', '/probe/twice?pass', 201, '["second"]'],
    ['POST', '/probe/twice?pass=route', 201, '["second"]'],
    ['POST', '/probe/rewritten?to=/probe/behind', 201, 'behind'],
    ['POST', '/probe/rewritten?to=/probe/twice', 404, '{"error":12,"log":"there is no /probe/twice"}'],
    ['POST', '/probe/throws/http', 403, '{"error":17,"log":"not for you"}'],
    ['POST', '/probe/throws/http-error', 418, '{"error":17,"log":"no coffee"}'],
    ['POST', '/probe/throws/several', 400, '{"error":17,"log":"a is wrong; b is wrong"}'],
    ['POST', '/probe/throws/own', 418, '{"filter":"local","fault":"own"}'],
    ['POST', '/probe/throws/global', 418, '{"filter":"global","fault":"global"}'],
    ['POST', '/probe/throws/string', 500, expect.stringMatching(/^{"error":50,"log":"a fault of the service/)],
    ['POST', '/probe/throws/missing', 404, '{"error":17,"log":"no such row"}'],
    ['POST', '/probe/throws/in-filter', 403, '{"error":17,"log":"from a filter"}'],
    ['POST', '/probe/throws/nothing-in-filter', 500, expect.stringMatching(/^{"error":50,/)],
    ['POST', '/probe/next/error', 418, '{"filter":"global","fault":"next"}'],
    ['POST', '/probe/next/string', 500, expect.stringMatching(/^{"error":50,"log":"a fault of the service/)],
    ['DELETE', '/probe/order', 405, expect.stringMatching(/^{"error":13,/)],
    ['POST', '/probe/nowhere', 405, expect.stringMatching(/^{"error":13,/)],
    ['POST', '/probe/search', 405, expect.stringMatching(/expected GET or HEAD or SEARCH, got POST/)],
    ['POST', '/nowhere', 404, '{"error":12,"log":"there is no /nowhere"}'],
  ])('answers %s %s with %i', async (method, path, status, text) => {
    const response = await send(method, path);
    expect([response.status, response.text]).toEqual([status, text]);
    if (response.text.startsWith('{"error"'))
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('tells a client that expects it to send its body', async () => {
    const request = rawRequest(service.port, ['Content-Length: 3', 'Expect: 100-continue'], '/probe/body');
    await request.received(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
    request.send('abc');
    expect(await request.received(/abc\r\n/)).toContain('HTTP/1.1 201 Created');
    request.close();
  });

  it('leaves a path to the next controller if the host or the version does not match', async () => {
    const hosts = async (Host: string) =>
      (await call(service.url, { method: 'GET', path: '/probe-hosted', headers: { Host } })).json.hosts;
    expect(await hosts('my.probe.example')).toEqual({ name: 'my' });
    expect(await hosts('elsewhere.example')).toBe('any');
    for (const version of ['1', '2'])
      expect((await send('GET', '/probe-versioned', { 'X-Version': version })).text).toBe(`{"version":${version}}`);
    expect((await send('GET', '/probe-versioned', { 'X-Version': '3' })).status).toBe(404);
  });

  it('gives every response its id and the fixed headers, once', async () => {
    for (const [method, path] of [
      ['POST', '/probe/twice?pass'],
      ['GET', '/probe/some'],
      ['GET', '/nowhere'],
    ] as const) {
      const { headers } = await call(service.url, { method, path, headers: { 'X-Request-ID': 'mine' } });
      expect(headers).toMatchObject({
        'x-request-id': 'mine',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    }
  });
});

/** Treats a method as X-Interceptor says. */
@Injectable()
class MethodsInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    switch (context.switchToHttp().getRequest<Request>().get('X-Interceptor')) {
      case 'instead':
        return of({ closed: true });
      case 'fallback':
        return next.handle().pipe(catchError(() => of({ fallback: true })));
      case 'map':
        return next.handle().pipe(map((value: unknown) => ({ value })));
      case 'timeout':
        return next.handle().pipe(timeout(50));
      case 'retry':
        return next.handle().pipe(retry(1));
      default:
        return next.handle();
    }
  }
}

@Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: MethodsInterceptor }] })
class InterceptedMethods {}

describe.each([
  ['directly', [InterceptedMethods]],
  ['through Express', [InterceptedMethods, ThroughExpress]],
])('an interceptor of a method that is called %s', (_, modules) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, modules);
  });
  afterAll(() => service.close());

  const refused = body.replace('1,2,3', '1,2,"x"');
  const sum = '{"scalar":{"headers":["date","sum_ts"],"data":[[1.0,5.0]]},"error":0,"log":"1 row, none missing"}';
  const long = bodyOf(Array.from({ length: 200_000 }, (_, row) => [row, 1, 2]));

  it.each([
    ['', body, 200, sum],
    ['instead', body, 200, '{"closed":true}'],
    ['instead', long, 200, '{"closed":true}'],
    ['fallback', body, 200, sum],
    ['fallback', refused, 200, '{"fallback":true}'],
    ['map', body, 200, sum],
    ['retry', refused, 500, expect.stringMatching(/^{"error":50,/)],
  ])('%s gets its response', async (name, sent, status, text) => {
    for (let again = 0; again < 2; again++) {
      const response = await call(service.url, { body: sent, headers: { 'X-Interceptor': name } });
      expect([response.status, response.text]).toEqual([status, text]);
    }
  });

  it('that gives up does not wait for the body', async () => {
    const request = rawRequest(service.port, ['X-Interceptor: timeout', 'Content-Length: 1000'], '/method');
    expect(await request.received(/}$/)).toContain('{"error":50,');
    expect((await call(service.url, { body })).text).toBe(sum);
  });
});

describe('middleware', () => {
  const seen: string[] = [];
  const see = (request: Request, _: Response, next: NextFunction): void => {
    seen.push(`${request.method} ${request.originalUrl}`);
    next();
  };
  const refuse = (_: Request, __: Response, next: NextFunction): void => next(new Error('refused'));

  /** Calls /method and /sum of a service with this middleware. Returns which middleware ran and which routes are direct. */
  async function withMiddleware(modules: never[], prepare: (app: NestExpressApplication) => void) {
    let app: NestExpressApplication | undefined;
    const service = await startService({}, modules, (prepared) => prepare((app = prepared)));
    seen.length = 0;
    const errors: number[] = [];
    for (const path of ['/method', '/sum', '//METHOD/?x'])
      errors.push((await call(service.url, { path, body })).json.error);
    const routes = routesOf(app as NestExpressApplication);
    const direct = ['/method', '/sum'].filter((path) => routes.find('POST', path) !== undefined);
    await service.close();
    return { errors, seen: [...seen], direct };
  }
  const module = (configure: (consumer: MiddlewareConsumer) => void) => {
    @Module({})
    class Configured implements NestModule {
      configure = configure;
    }
    return [Configured] as never[];
  };
  const ofMethod = ['POST /method', 'POST /METHOD/?x'];
  const ofAll = ['POST /method', 'POST /sum', 'POST /METHOD/?x'];
  const instance = (app: NestExpressApplication): Express => app.getHttpAdapter().getInstance();

  it.each<[string, never[], (app: NestExpressApplication) => void, string[], string[]]>([
    ['none', [], () => undefined, [], ['/method', '/sum']],
    ['forRoutes of a path', module((to) => to.apply(see).forRoutes('method')), () => undefined, ofMethod, ['/sum']],
    [
      'forRoutes of a verb',
      module((to) => to.apply(see).forRoutes({ path: 'method', method: RequestMethod.POST })),
      () => undefined,
      ofMethod,
      ['/sum'],
    ],
    [
      'forRoutes of another verb',
      module((to) => to.apply(see).forRoutes({ path: 'method', method: RequestMethod.GET })),
      () => undefined,
      [],
      ['/method', '/sum'],
    ],
    [
      'forRoutes of all below a path, with its slash',
      module((to) => to.apply(see).forRoutes('method/*rest', 'method/{*rest}')),
      () => undefined,
      ['POST /METHOD/?x'],
      ['/sum'],
    ],
    [
      'first, after CORS for an origin that is not allowed',
      [],
      (app) => {
        app.enableCors({
          origin: (_: unknown, give: (error: Error | null, allow: boolean) => void) => give(null, false),
        });
        adapterOf(app).useFirst(see);
      },
      ofAll,
      ['/method', '/sum'],
    ],
    ['app.use', [], (app) => app.use(see), ofAll, []],
    ['app.use of a path', [], (app) => app.use('/method', see), ofMethod, ['/sum']],
    ['app.use of another path', [], (app) => app.use('/meth', see), [], ['/method', '/sum']],
    ['app.use of several paths', [], (app) => app.use(['/method', '/other'], see), ofMethod, []],
    ['use of Express itself', [], (app) => instance(app).use(see), ofAll, []],
    ["use of Express's router", [], (app) => instance(app).router.use(see), ofAll, []],
    [
      "a RegExp as the adapter's route",
      [],
      (app) => (app.getHttpAdapter() as unknown as Express).post(/./, see),
      ofAll,
      [],
    ],
    [
      "several handlers of the adapter's route",
      [],
      (app) => (app.getHttpAdapter() as unknown as Express).post('/method', passOn, see),
      ofMethod,
      ['/sum'],
    ],
    ['a route of Express itself', [], (app) => instance(app).post('/{*any}', see as RequestHandler), ofAll, []],
  ])('runs: %s', async (_, modules, prepare, expected, direct) => {
    expect(await withMiddleware(modules, prepare)).toEqual({ errors: [0, 0, 0], seen: expected, direct });
  });

  it('that fails refuses the request', async () => {
    const { errors } = await withMiddleware(
      module((to) => to.apply(refuse).forRoutes('method')),
      () => undefined,
    );
    expect(errors).toEqual([50, 0, 50]);
  });

  it('of a Nest hook runs too, even for routes that are registered before it', async () => {
    const hook = (request: Request, _: Response, done: () => void) => see(request, _, done);
    const { seen } = await withMiddleware([], (app) => {
      adapterOf(app).post('/sum', (_, response) => response.json({ error: 0 }));
      adapterOf(app).setOnRequestHook(hook);
    });
    expect(seen).toEqual(ofAll);
  });

  it('that throws first refuses the request', async () => {
    const { errors } = await withMiddleware([], (app) =>
      app.enableCors(() => {
        throw new Error('no options');
      }),
    );
    expect(errors).toEqual([50, 50, 50]);
  });
});

describe('a global prefix', () => {
  it('is part of the direct paths', async () => {
    let app: NestExpressApplication | undefined;
    const service = await startService({}, [ProbeModule], (prepared) => {
      (app = prepared).setGlobalPrefix('api', { exclude: ['sum'] });
    });
    for (const [path, error] of [
      ['/api/method', 0],
      ['/sum', 0],
      ['/method', 12],
      ['/api/sum', 12],
    ] as const)
      expect([path, (await call(service.url, { path, body })).json.error]).toEqual([path, error]);
    expect(routesOf(app as unknown as NestExpressApplication).find('POST', '/api/method')).toBeDefined();
    await service.close();
  });
});

it('an upgraded connection gets all its bytes', async () => {
  const service = await startService({}, [], (app) =>
    app.getHttpServer().on('upgrade', (_: Request, socket: Duplex, head: Buffer) => {
      socket.write(head);
      socket.pipe(socket);
    }),
  );
  const request = rawRequest(service.port, ['Connection: Upgrade', 'Upgrade: echo']);
  for (const length of [1, 99_999]) request.send('x'.repeat(length));
  await request.received(/^x{100000}$/);
  request.end();
  await request.closed;
  await service.close();
});

describe('with CORS_ORIGINS, OPTIONS', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ CORS_ORIGINS: 'https://a.example' }, [ProbeModule], (app) =>
      app.use('/mounted', passOn),
    );
  });
  afterAll(() => service.close());

  it.each([
    ['/method', 204, 'POST', undefined],
    ['//method/', 204, 'POST', undefined],
    ['/metrics', 204, 'GET,HEAD', undefined],
    ['/probe/some', 204, 'GET,HEAD', undefined],
    ['/mounted/page', 204, 'GET,HEAD,PUT,PATCH,POST,DELETE', undefined],
    ['/nowhere', 404, undefined, 12],
  ])('of %s is answered with %i', async (path, status, methods, error) => {
    const { headers, ...response } = await ask(service.url + path, 'OPTIONS', {
      Origin: 'https://a.example',
      'Access-Control-Request-Method': 'POST',
    });
    const { error: code } = (response.text === '' ? {} : JSON.parse(response.text)) as { error?: number };
    expect([response.status, headers.get('access-control-allow-origin'), code]).toEqual([
      status,
      'https://a.example',
      error,
    ]);
    if (methods !== undefined) expect(headers.get('access-control-allow-methods')).toBe(methods);
  });
});
