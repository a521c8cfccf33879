import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VERSION } from '../../src/version.js';
import { bodyOf, call, eventually, metric, rawRequest, sampleRows, countedBytes } from '../support/http.js';
import { spawnService, startService, type Service, type ServiceProcess } from '../support/service.js';

const small = bodyOf([[1420066800, 1.2507524347169103, null]], 25);
const isHealthy = async ({ url }: { url: string }) =>
  (await call(url, { method: 'GET', path: '/health/ready' })).status === 200;

describe('the log', () => {
  let service: ServiceProcess;
  const key = 'k3y-of-alice';
  beforeAll(async () => {
    service = await spawnService({ NODE_ENV: 'production', API_KEYS: `alice:${key}` });
  });
  afterAll(() => void service.child.kill('SIGKILL'));

  const lines = () =>
    service
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const lineOf = async (id: string) => {
    await eventually(() => lines().some(({ requestId }) => requestId === id));
    return lines().find(({ requestId }) => requestId === id);
  };

  it('has one line of JSON per request, with everything that an operator needs', async () => {
    const headers = { Authorization: `Bearer ${key}`, 'X-Request-ID': 'r-1' };
    const response = await call(service.url, { body: small, headers, path: '/method?token=t0ken' });
    expect(response.headers['x-request-id']).toBe('r-1');
    expect(await lineOf('r-1')).toMatchObject({
      level: 'info',
      method: 'POST',
      path: '/method',
      remoteAddress: '127.0.0.1',
      status: 200,
      error: 0,
      key: 'alice',
      rows: 1,
      bytesIn: small.length,
      bytesOut: response.text.length,
      ms: expect.any(Number),
      receiveMs: expect.any(Number),
      decodeMs: expect.any(Number),
      computeMs: expect.any(Number),
      encodeMs: expect.any(Number),
      msg: 'request',
    });
  });

  it('says why a request was refused, and that one was abandoned', async () => {
    await call(service.url, { body: small, headers: { 'X-Request-ID': 'r-2', 'X-API-Key': 'wr0ng' } });
    expect(await lineOf('r-2')).toMatchObject({ status: 401, error: 11 });

    const gone = rawRequest(service.port, ['Content-Length: 99', `X-API-Key: ${key}`, 'X-Request-ID: r-3']);
    gone.send('{"param"');
    await eventually(
      async () => (await metric(service.url, 'kasem_in_flight_bytes', { 'X-API-Key': key })) === countedBytes(99),
    );
    gone.close();
    expect(await lineOf('r-3')).toMatchObject({
      msg: 'request abandoned',
      bytesIn: 8,
      remoteAddress: '127.0.0.1',
    });
    expect(lines().filter(({ msg }) => msg === 'malformed request')).toEqual([]);
  });

  it('has the trace of a request if that is valid', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const send = (id: string, traceparent: string) =>
      call(service.url, { body: small, headers: { 'X-Request-ID': id, traceparent } });
    await send('t-1', `00-${trace}-00f067aa0ba902b7-01`);
    await send('t-2', `ff-${trace}-00f067aa0ba902b7-01`);
    expect(await lineOf('t-1')).toMatchObject({ traceId: trace });
    expect(await lineOf('t-2')).not.toHaveProperty('traceId');
  });

  it('has one line for an upload that is refused and then aborted, and the metrics count it once', async () => {
    const counted = () =>
      fetch(`${service.url}/metrics`, { headers: { 'X-API-Key': key } })
        .then((response) => response.text())
        .then((text) =>
          [...text.matchAll(/^kasem_method_calls_total\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0),
        );
    const before = [await counted(), lines().length] as const;
    for (const [rest, id] of [
      ['Content-Length: 1000000', 'u-1'],
      ['Transfer-Encoding: chunked', 'u-2'],
      ['Transfer-Encoding: chunked', 'u-3'],
    ] as const) {
      const upload = rawRequest(service.port, [rest, `X-Request-ID: ${id}`]);
      await upload.received(/"error":11/);
      // The rest of this body is malformed.
      if (id === 'u-3') upload.send('no chunk\r\n');
      upload.end();
      await upload.closed;
    }
    expect([(await counted()) - before[0], lines().length - before[1]]).toEqual([3, 3]);
  });

  it('has a line for bytes that never became a request, and the metrics count them', async () => {
    // A service that closes a connection with unread bytes may reset it.
    const socket = connect(service.port, '127.0.0.1').on('error', () => undefined);
    socket.end('s3cret bytes\r\n\r\n');
    await eventually(() => lines().some(({ msg }) => msg === 'malformed request'));
    expect(lines().filter(({ msg }) => msg === 'malformed request')).toEqual([
      expect.objectContaining({
        level: 'info',
        status: 400,
        error: 17,
        cause: expect.stringMatching(/^HPE_/),
        remoteAddress: '127.0.0.1',
      }),
    ]);
    const refused = 'kasem_method_calls_total{method="",outcome="refused",error="17"}';
    expect(await metric(service.url, refused, { 'X-API-Key': key })).toBe(1);
  });

  it('contains no sample, no key, no query, and no probe', () => {
    for (const secret of [key, 'wr0ng', 's3cret', '1.2507524347169103', 't0ken', '/health', '/metrics'])
      expect(service.output()).not.toContain(secret);
  });
});

describe('the response of a method', () => {
  it('says what took the time, even if the body is refused', async () => {
    const service = await startService();
    for (const body of [small, bodyOf([[1, 2, 'x' as never]])])
      expect((await call(service.url, { body })).headers['server-timing']).toMatch(
        /^receive;dur=[\d.]+, decode;dur=[\d.]+, compute;dur=[\d.]+$/,
      );
    await service.close();
  });

  it('forbids browsers to guess its type, and is shared with the configured origins', async () => {
    const service = await startService({ CORS_ORIGINS: 'https://a.example, https://b.example' });
    const allowed = async (Origin: string) =>
      (await call(service.url, { body: small, headers: { Origin } })).headers['access-control-allow-origin'];
    expect(await allowed('https://b.example')).toBe('https://b.example');
    expect(await allowed('https://c.example')).toBeUndefined();
    const { headers } = await call(service.url, { body: small });
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('strict-transport-security');
    await service.close();
  });

  it('is shared even if it is a refusal, and a preflight needs no key', async () => {
    const service = await startService({ CORS_ORIGINS: 'https://a.example', API_KEYS: 'alice:s3cret' });
    const Origin = 'https://a.example';
    const refused = await call(service.url, { body: small, headers: { Origin } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, Origin]);
    const { status, headers } = await fetch(`${service.url}/method`, {
      method: 'OPTIONS',
      headers: {
        Origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type',
      },
    });
    expect([status, headers.get('access-control-allow-headers')]).toEqual([204, 'authorization,content-type']);
    await service.close();
  });

  it('is shared with no other origin by default', async () => {
    const service = await startService();
    const { headers } = await call(service.url, { body: small, headers: { Origin: 'https://a.example' } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    await service.close();
  });
});

describe('the metrics', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it('count calls by outcome and error, their rows and their bytes', async () => {
    await call(service.url, { body: bodyOf(sampleRows(1_000)) });
    await call(service.url, { body: bodyOf([[null, 1, 2]]) });
    await call(service.url, { path: '/sum', body: '{' });
    const calls = (outcome: string, error: number) =>
      metric(service.url, `kasem_method_calls_total{method="method",outcome="${outcome}",error="${error}"}`);
    await eventually(async () => (await calls('refused', 10)) === 1);
    expect([await calls('success', 0), await calls('refused', 26)]).toEqual([1, 1]);
    expect(await metric(service.url, 'kasem_method_rows_total{method="method"}')).toBe(1_000);
    const posted =
      '{http_request_method="POST",http_route="/method",http_response_status_code="200",url_scheme="http"}';
    expect(await metric(service.url, `http_server_request_duration_seconds_count${posted}`)).toBe(2);
    expect(await metric(service.url, `http_server_request_body_size_bytes_sum${posted}`)).toBe(
      bodyOf(sampleRows(1_000)).length + bodyOf([[null, 1, 2]]).length,
    );
  });

  it('create no series for values that a client invents', async () => {
    await call(service.url, { method: 'GET', path: '/made-up' });
    await call(service.url, { method: 'PROPFIND', path: '/method' });
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).not.toContain('made-up');
    expect(text).not.toContain('PROPFIND');
    expect(text).toContain('http_request_method="_OTHER"');
  });

  it('are missing with METRICS=off', async () => {
    const silent = await startService({ METRICS: 'off' });
    const response = await call(silent.url, { method: 'GET', path: '/metrics' });
    expect([response.status, response.json.error]).toEqual([404, 12]);
    for (const path of ['/', '/openapi.json'])
      expect(await (await fetch(silent.url + path)).text()).not.toContain('"/metrics"');
    await silent.close();
  });
});

describe('the keys', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keys-'));
  const file = join(directory, 'keys');
  let service: ServiceProcess;
  beforeAll(async () => {
    writeFileSync(file, '# rotated each month\nbob:one\nbob:two\n');
    service = await spawnService({ API_KEYS: 'alice:s3cret', API_KEYS_FILE: file, LOG_LEVEL: 'info' });
  });
  afterAll(() => {
    service.child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  const status = async (headers: Record<string, string>) => (await call(service.url, { body: small, headers })).status;

  it('are required from callers and scrapes, but not from probes', async () => {
    const refused = await call(service.url, { body: small });
    expect([refused.status, refused.json.error]).toEqual([401, 11]);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect((await call(service.url, { method: 'GET', path: '/metrics' })).status).toBe(401);
    for (const path of ['/health', '/health/live', '/health/ready'])
      expect((await call(service.url, { method: 'GET', path })).status).toBe(200);
  });

  it('are accepted in both headers, from the variable and the file', async () => {
    expect(await status({ 'X-API-Key': 's3cret' })).toBe(200);
    expect(await status({ Authorization: 'bearer two' })).toBe(200);
    // A gateway may send its own key in one header and the service's in the other.
    expect(await status({ Authorization: 'Bearer foreign', 'X-API-Key': 's3cret' })).toBe(200);
    expect(await status({ Authorization: 'Bearer two', 'X-API-Key': 'foreign' })).toBe(200);
    expect(await status({ Authorization: 'Basic Zm9v', 'X-API-Key': 'foreign' })).toBe(401);
    for (const wrong of ['', 'S3cret', 's3cret2', 'alice:s3cret', 'alice'])
      expect(await status({ Authorization: `Bearer ${wrong}` })).toBe(401);
    expect(await status({ Authorization: 'Basic s3cret' })).toBe(401);
  });

  it('are checked before the body is read', async () => {
    const asking = rawRequest(service.port, ['Content-Length: 10', 'Expect: 100-continue']);
    expect(await asking.received(/\}$/)).toMatch(/^HTTP\/1\.1 401 /);
    asking.close();
  });

  it('are read again on SIGHUP, and kept if the file is wrong', async () => {
    writeFileSync(file, 'bob:three');
    service.child.kill('SIGHUP');
    await eventually(async () => (await status({ 'X-API-Key': 'three' })) === 200);
    expect(await status({ 'X-API-Key': 'one' })).toBe(401);
    writeFileSync(file, 'bob three-and-a-half');
    service.child.kill('SIGHUP');
    await eventually(() => service.output().includes('API keys not reloaded'));
    expect(await status({ 'X-API-Key': 'three' })).toBe(200);
    expect(service.output()).not.toContain('three');
  });
});

describe('several processes on one port', () => {
  const children = ({ child }: ServiceProcess) =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const linux = process.platform === 'linux' ? it : it.skip;

  linux('replace one that dies, and keep its counts', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2' });
    await eventually(() => children(service).length === 2);
    for (let i = 0; i < 20; i++) expect((await call(service.url, { body: small })).json.error).toBe(0);
    const calls = () => metric(service.url, 'kasem_method_calls_total{method="method",outcome="success",error="0"}');
    await eventually(async () => (await calls()) === 20);

    const [first] = children(service);
    process.kill(first as number, 'SIGKILL');
    await eventually(() => children(service).length === 2 && !children(service).includes(first as number));
    await eventually(() => isHealthy(service));
    expect(await calls()).toBe(20);
    expect(await metric(service.url, 'kasem_worker_restarts_total')).toBe(1);

    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  linux('can be scraped while one of them hangs', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2' });
    await eventually(() => children(service).length === 2);
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_budget_bytes')) === 2 * 536_870_912);
    const [first] = children(service);
    process.kill(first as number, 'SIGSTOP');
    const answered = Array.from({ length: 4 }, () => metric(service.url, `kasem_build_info{version="${VERSION}"}`));
    expect(await Promise.any(answered)).toBe(1);
    process.kill(first as number, 'SIGCONT');
    await Promise.all(answered);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  linux('drain together: each finishes its requests in flight', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2', SHUTDOWN_GRACE_MS: '600000' });
    await eventually(() => children(service).length === 2);
    const requests = Array.from({ length: 6 }, () =>
      rawRequest(service.port, [`Content-Length: ${small.length}`, 'Connection: close']),
    );
    for (const request of requests) request.send(small.slice(0, 10));
    await eventually(
      async () => (await metric(service.url, 'kasem_in_flight_bytes')) === 6 * countedBytes(small.length),
    );
    service.child.kill('SIGTERM');
    await eventually(() =>
      isHealthy(service).then(
        (healthy) => !healthy,
        () => true,
      ),
    );
    for (const request of requests) request.send(small.slice(10));
    for (const request of requests) expect(await request.received(/\}$/)).toContain('"error":0');
    expect(await service.exited).toBe(0);
  });
});

describe('the end of several processes', () => {
  it('keeps no connection waiting that arrives while one of them ends', async () => {
    const service = await spawnService({
      WEB_CONCURRENCY: '2',
      SHUTDOWN_GRACE_MS: '600000',
      LOG_LEVEL: 'info',
    });
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_budget_bytes')) === 2 * 536_870_912);
    const inFlight = rawRequest(service.port, [`Content-Length: ${small.length}`, 'Connection: close']);
    inFlight.send(small.slice(0, 10));
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_bytes')) === countedBytes(small.length));

    let isOver = false;
    const clients = Array.from({ length: 20 }, async () => {
      while (!isOver) await call(service.url, { method: 'GET', path: '/health/live' }).catch(() => undefined);
    });
    service.child.kill('SIGTERM');
    await eventually(() => service.output().includes('exiting'));
    isOver = true;
    await Promise.all(clients);

    inFlight.send(small.slice(10));
    expect(await inFlight.received(/\}$/)).toContain('"error":0');
    expect(await service.exited).toBe(0);
  }, 30_000);

  const children = ({ child }: ServiceProcess) =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const isRunning = (pid: number) => existsSync(`/proc/${pid}/exe`);

  it('waits for none that is still starting', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '3', SHUTDOWN_GRACE_MS: '600000' });
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  it('does not wait for handles that a worker has left open', async () => {
    const service = await spawnService({
      WEB_CONCURRENCY: '2',
      SHUTDOWN_GRACE_MS: '600000',
      NODE_OPTIONS: '--import ./test/fixtures/channel-outlives-worker.mjs',
    });
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_budget_bytes')) === 2 * 536_870_912);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  }, 20_000);

  it('is not delayed by one that hangs, and says so', async () => {
    const service = await spawnService({
      WEB_CONCURRENCY: '2',
      SHUTDOWN_GRACE_MS: '0',
      LOG_LEVEL: 'warn',
    });
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_budget_bytes')) === 2 * 536_870_912);
    const [first] = children(service);
    process.kill(first as number, 'SIGSTOP');
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
    expect(service.output()).toMatch(/killing a worker that did not exit in time/);
    expect(isRunning(first as number)).toBe(false);
  }, 20_000);

  it('reaches all if the primary process is killed', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '2' });
    await eventually(() => children(service).length === 2);
    const workers = children(service);
    service.child.kill('SIGKILL');
    await eventually(() => !workers.some(isRunning));
  });

  it('does not happen to starting ones when keys are read again', async () => {
    const service = await spawnService({ WEB_CONCURRENCY: '3', LOG_LEVEL: 'info' });
    service.child.kill('SIGHUP');
    await eventually(() => service.output().split('API keys reloaded').length === 4);
    expect(service.output()).not.toContain('a worker died');
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });
});

describe('an uncaught exception', () => {
  it('ends the process with exit code 1, after the other requests', async () => {
    const service = await spawnService({ SHUTDOWN_GRACE_MS: '2000' }, 'test/fixtures/faulty-service.mjs');
    const other = rawRequest(service.port, [`Content-Length: ${small.length}`]);
    other.send(small.slice(0, 10));
    await eventually(async () => (await metric(service.url, 'kasem_in_flight_bytes')) > 0);
    const faulty = fetch(`${service.url}/fault/throw`).catch(() => undefined);
    await eventually(() => service.output().includes('nobody catches this'));
    other.send(small.slice(10));
    expect(await other.received(/\}$/)).toContain('"error":0');
    expect(await service.exited).toBe(1);
    await faulty;
  });
});
