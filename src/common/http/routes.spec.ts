import express from 'express';
import { describe, expect, it } from '@jest/globals';
import { HttpAdapter } from './http-adapter.js';
import { Routes } from './routes.js';

describe('the routes of the application', () => {
  const adapter = new HttpAdapter({
    REQUEST_TIMEOUT_MS: 1_000,
    KEEP_ALIVE_TIMEOUT_MS: 1_000,
    RESPONSE_TIMEOUT_MS: 1_000,
    MIN_RESPONSE_BYTES_PER_SECOND: 1,
  });
  const handle = () => undefined;
  adapter.use(handle);
  adapter.post('/sum', handle);
  adapter.get('/health', handle);
  adapter.get('/both', handle);
  adapter.post('/both', handle);
  adapter.post('/both', handle);
  adapter.get('/docs/:file', handle);

  adapter.all('/any', handle);
  adapter.options('/asked', handle);
  adapter.head('/asked', handle);
  adapter.head('/health', handle);

  it('are listed by path, each with its verbs once, GET with HEAD', () => {
    expect(adapter.routes.list()).toEqual([
      { path: '/any', verbs: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] },
      { path: '/asked', verbs: ['HEAD', 'OPTIONS'] },
      { path: '/both', verbs: ['GET', 'HEAD', 'POST'] },
      { path: '/docs/:file', verbs: ['GET', 'HEAD'] },
      { path: '/health', verbs: ['GET', 'HEAD'] },
      { path: '/sum', verbs: ['POST'] },
    ]);
  });

  it.each([
    ['/both', ['GET', 'HEAD', 'POST']],
    ['/Both', ['GET', 'HEAD', 'POST']],
    ['/sum/', ['POST']],
    ['/asked', ['HEAD', 'OPTIONS']],
    ['/docs/x.css', ['GET', 'HEAD']],
    ['/docs/%E0', ['GET', 'HEAD']],
    ['/none', []],
  ])('%s takes %j', (path, verbs) => {
    expect(adapter.routes.allowed(path)).toEqual(verbs);
  });
});

it('a direct route is found by the text that its path matches', () => {
  const routes = new Routes();
  routes.add('POST', express().route('/sum\\:fast' as string), () => undefined);
  expect(routes.find('POST', '/sum:fast')).toBeDefined();
  expect(routes.find('POST', '/sum\\:fast')).toBeUndefined();
});
