import { type Express, type Request } from 'express';
import { describe, expect, it } from '@jest/globals';
import { HttpAdapter } from './http-adapter.js';
import { allowedMethods, allRoutes } from './routes.js';

describe('the routes of the application', () => {
  const app = new HttpAdapter().getInstance<Express>();
  const handle = () => undefined;
  app.use(handle);
  app.use('/mounted', handle);
  app.post('/sum', handle);
  app.get('/health', handle);
  app.get('/both', handle).post('/both', handle).post('/both', handle);
  const request = (path: string) => ({ app, path }) as unknown as Request;

  it('are listed by path, each with its verbs once, GET with HEAD', () => {
    expect(allRoutes(request('/'))).toEqual([
      { path: '/both', methods: ['GET', 'HEAD', 'POST'] },
      { path: '/health', methods: ['GET', 'HEAD'] },
      { path: '/sum', methods: ['POST'] },
    ]);
  });

  it.each([
    ['/both', ['GET', 'HEAD', 'POST']],
    ['/sum/', ['POST']],
    ['/mounted', []],
    ['/none', []],
  ])('%s takes %j', (path, methods) => {
    expect(allowedMethods(request(path))).toEqual(methods);
  });
});
