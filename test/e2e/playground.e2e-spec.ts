import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, eventually } from '../support/http.js';
import { spawnService, startService, type Service } from '../support/service.js';

const POLICY = /^default-src 'none';script-src 'self';style-src 'self';/;

describe('the root of a service with its playground', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ PLAYGROUND: 'on', API_KEYS: 'alice:k3y' });
  });
  afterAll(() => service.close());

  const get = (path: string, init?: RequestInit) => fetch(`${service.url}${path}`, init);

  it('is a page without a key, with a strict policy and only relative addresses', async () => {
    const response = await get('/');
    const html = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(response.headers.get('content-security-policy')).toMatch(POLICY);
    expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:|data:/);
    expect(html).not.toMatch(/<script(?! type="module" src=)|<style|style=|\son\w+=/);
    const addresses = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address]) => String(address));
    expect(addresses.filter((address) => /^(\/|\w+:)/.test(address))).toEqual([]);
    for (const address of addresses) expect([address, (await get(`/${address}`)).status]).toEqual([address, 200]);
  });

  it('supports HEAD and conditional GET', async () => {
    const head = await get('/', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(1000);
    for (const path of ['/', '/assets/modules/playground/page/playground.js', '/assets/uplot/uPlot.esm.js']) {
      const { headers } = await get(path);
      expect(headers.get('cache-control')).toBe('no-cache');
      // A browser's header. The default of Node's fetch, no-cache, prevents a 304.
      const known = {
        'If-Modified-Since': String(headers.get('last-modified')),
        'Cache-Control': 'max-age=0',
      };
      expect([path, (await get(path, { headers: known })).status]).toEqual([path, 304]);
    }
  });

  it.each([
    ['modules/playground/page/playground.js', 'text/javascript; charset=utf-8'],
    ['modules/playground/page/read.worker.js', 'text/javascript; charset=utf-8'],
    ['modules/playground/page/playground.css', 'text/css; charset=utf-8'],
    ['examples/send.py', 'application/octet-stream'],
    ['common/errors/error-codes.js', 'text/javascript; charset=utf-8'],
    ['uplot/uPlot.esm.js', 'text/javascript; charset=utf-8'],
    ['uplot/uPlot.min.css', 'text/css; charset=utf-8'],
  ])('has its file %s, under the same policy', async (path, type) => {
    const { status, headers } = await get(`/assets/${path}`);
    expect([status, headers.get('content-type')]).toEqual([200, type]);
    // A worker has the policy of its own file.
    expect(headers.get('content-security-policy')).toMatch(POLICY);
  });

  it('loads only modules that it has', async () => {
    const [found, open] = [
      new Set<string>(),
      ['modules/playground/page/playground.js', 'modules/playground/page/read.worker.js'],
    ];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (found.has(path)) continue;
      found.add(path);
      const response = await get(`/assets/${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      if (path.startsWith('uplot/')) continue;
      const base = `http://x/assets/${path}`;
      for (const [, from] of (await response.text()).matchAll(/(?:from |URL\()'([^']+\.js)'/g))
        open.push(new URL(String(from), base).pathname.replace('/assets/', ''));
    }
    expect([...found].filter((path) => path.startsWith('common/')).length).toBeGreaterThan(1);
  });

  it.each([
    '/assets',
    '/assets/',
    '/assets/modules/playground/page',
    '/assets/modules/playground/page/',
    '/assets/modules/playground/page/index.htm',
    '/assets/modules/playground/page/playground.ts',
    '/assets/uplot/',
    '/assets/uplot/../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/main.js',
    '/assets/modules/playground/page/..%5c..%5c..%5cpackage.json',
    '/assets/.set-up',
  ])('lists no folder and has no other file: %s', async (path) => {
    const response = await call(service.url, { method: 'GET', path });
    expect([response.status, response.json.error]).toEqual([404, 12]);
  });
});

describe('a file of the playground', () => {
  it('is logged with its full path', async () => {
    const service = await spawnService({ PLAYGROUND: 'on', LOG_LEVEL: 'info' });
    await fetch(`${service.url}/assets/modules/playground/page/playground.css`);
    await eventually(() => service.output().includes('playground.css'));
    expect(service.output()).toContain('/assets/modules/playground/page/playground.css');
    service.child.kill();
    await service.exited;
  });
});

describe('the root of a service without its playground', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ API_KEYS: 'alice:k3y' });
  });
  afterAll(() => service.close());

  it('is an index of all routes', async () => {
    const { status, json } = await call(service.url, { method: 'GET', path: '/' });
    expect([status, json]).toEqual([
      200,
      {
        error: 0,
        log: 'the routes of the service; /docs describes them',
        service: 'kasem-time-series',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        routes: expect.arrayContaining([
          { path: '/', methods: ['GET', 'HEAD'] },
          { path: '/docs', methods: ['GET', 'HEAD'] },
          { path: '/health', methods: ['GET', 'HEAD'] },
          { path: '/health/live', methods: ['GET', 'HEAD'] },
          { path: '/health/ready', methods: ['GET', 'HEAD'] },
          { path: '/method', methods: ['POST'] },
          { path: '/metrics', methods: ['GET', 'HEAD'] },
          { path: '/openapi.json', methods: ['GET', 'HEAD'] },
          { path: '/sum', methods: ['POST'] },
        ]),
      },
    ]);
  });

  it('supports HEAD, and has none of the files', async () => {
    expect((await fetch(service.url, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${service.url}/assets/modules/playground/page/playground.js`)).status).toBe(404);
  });
});
