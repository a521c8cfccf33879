import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, sampleRows, type Response } from '../support/http.js';
import { runService, spawnService, startService } from '../support/service.js';

describe('the process', () => {
  it('ends with exit code 1 and one line for each wrong variable', async () => {
    const run = runService({
      PORT: '65536',
      MAX_BODY_BYTES: '5MB',
      ERROR_HTTP_STATUS: 'maybe',
      LOG_LEVEL: '',
      SHUTDOWN_GRACE_MS: '-1',
    });
    expect(await run.exited).toBe(1);
    expect(run.output().trimEnd().split('\n')).toEqual([
      'PORT: expected an integer from 0 to 65535, got "65536"',
      'MAX_BODY_BYTES: expected an integer from 1 to 1099511627776, got "5MB"',
      'ERROR_HTTP_STATUS: expected one of contract, http, got "maybe"',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got ""',
      'SHUTDOWN_GRACE_MS: expected an integer from 0 to 3600000, got "-1"',
    ]);
  });

  it('ends with exit code 1 and one line if the port is taken', async () => {
    const other = await startService();
    const run = runService({ PORT: String(other.port) });
    expect(await run.exited).toBe(1);
    await other.close();
    expect(run.output()).toBe(`PORT: ${other.port} at 127.0.0.1 is taken by another process; set PORT to a free one\n`);
  });

  it('ends with exit code 1 and the message of a module that fails, without blaming the address', async () => {
    const run = runService({ PORT: '0', NODE_OPTIONS: '--import ./test/fixtures/failing-module.mjs' });
    expect([await run.exited, run.output()]).toEqual([1, 'getaddrinfo ENOTFOUND db\n']);
  });

  it('says that its address is not one of this machine', async () => {
    const run = runService({ PORT: '0', HOST: '192.0.2.1' });
    expect([await run.exited, run.output()]).toEqual([1, 'HOST: 192.0.2.1 is no address of this machine\n']);
  });

  it.each(['1', '2'])(
    'prints its addresses, the settings that are not the default, and a call that works as it is, with WEB_CONCURRENCY=%s',
    async (WEB_CONCURRENCY) => {
      const service = await spawnService({
        WEB_CONCURRENCY,
        HOST: '0.0.0.0',
        MAX_BODY_BYTES: '1000',
        MAX_IN_FLIGHT_BYTES: '999',
      });
      const lines = Object.fromEntries(
        [...service.output().matchAll(/^ {2}(\w+) +(.*)$/gm)].map(([, name, text]) => [name, text]),
      ) as Record<string, string>;
      expect(service.output()).toMatch(/^kasem-time-series \S+ is listening at http:\/\/0\.0\.0\.0:\d+\n/);
      expect(lines).toMatchObject({
        health: `${service.url}/health`,
        metrics: `${service.url}/metrics`,
        warning: expect.stringMatching(/^MAX_IN_FLIGHT_BYTES is less than MAX_BODY_BYTES/),
      });
      expect(lines.settings).toContain('HOST=0.0.0.0 MAX_BODY_BYTES=1000 MAX_IN_FLIGHT_BYTES=999');
      for (const address of Object.values(lines).filter((text) => text.startsWith('http')))
        expect((await fetch(address)).status).toBe(200);
      const { stdout } = await promisify(execFile)('sh', ['-c', String(lines.try)]);
      expect((JSON.parse(stdout) as Response['json']).log).toBe('4 rows, none missing');
      service.child.kill('SIGTERM');
      expect(await service.exited).toBe(0);
    },
  );

  it('logs all of that in one line, at the level of its warnings, without a key', async () => {
    const start = async (environment: Record<string, string>) => {
      const service = await spawnService({ NODE_ENV: 'production', ...environment });
      service.child.kill('SIGTERM');
      await service.exited;
      const beforeTheEnd = service.output().split(/^(?=.*: draining)/m)[0] as string;
      return JSON.parse(beforeTheEnd) as Record<string, unknown>;
    };
    const open = await start({});
    expect(open).toMatchObject({
      level: 'warn',
      msg: `listening at ${String(open.url)}`,
      warnings: [expect.stringMatching(/^no keys are configured/)],
    });
    const locked = await start({ API_KEYS: 'alice:s3cret' });
    expect(locked).toMatchObject({
      level: 'info',
      version: expect.any(String),
      node: process.version,
    });
    expect(locked.settings).toEqual({ PORT: '0', API_KEYS: '(set)' });
    expect(locked).not.toHaveProperty('warnings');
  });

  it('finishes the requests in flight on SIGTERM, refuses new ones, and ends with exit code 0', async () => {
    const service = await spawnService({ SHUTDOWN_DELAY_MS: '500' });
    const rows = sampleRows(20_000);
    const body = Buffer.from(bodyOf(rows));
    const inFlight = Array.from({ length: 8 }, () => halfSent(service.url, body));
    await Promise.all(inFlight.map(({ started }) => started));
    const open = connect(service.port, '127.0.0.1');
    await once(open, 'connect');

    expect((await call(service.url, { method: 'GET', path: '/health/ready' })).json.status).toBe('ok');
    service.child.kill('SIGTERM');
    const ready = await untilNotReady(service.url);
    expect([ready.status, ready.json.status]).toEqual([503, 'error']);
    expect((await call(service.url, { method: 'GET', path: '/health/live' })).status).toBe(200);
    // A client that has not noticed yet is still served, and told to close its connection.
    const late = await call(service.url, { body: bodyOf([]), headers: { Connection: 'keep-alive' } });
    expect([late.status, late.json.error, late.headers.connection]).toEqual([200, 0, 'close']);
    // A started request keeps its connection open. The next one on it is refused.
    open.write('GET /nothing HTTP/1.1\r\nHost: x\r\n');

    await eventually(async () => (await call(service.url, { body: bodyOf([]) })).json.error === 52);
    open.write('\r\n');
    let refused = '';
    for await (const piece of open) refused += String(piece);
    expect(refused).toMatch(/^HTTP\/1\.1 503 .*"error":52/s);
    expect(refused).toMatch(/\r\nRetry-After: 1\r\n/);
    expect(refused).toMatch(/\r\nConnection: close\r\n/);

    const responses = await Promise.all(inFlight.map(({ finish }) => finish()));
    for (const response of responses) expect(response.scalar?.data).toHaveLength(rows.length);
    expect(await service.exited).toBe(0);
  });

  it('ends at once on a second signal', async () => {
    const service = await spawnService();
    const { started, failed } = halfSent(service.url, Buffer.from(bodyOf(sampleRows(10))));
    await started;
    service.child.kill('SIGTERM');
    await eventually(async () => (await call(service.url, { body: bodyOf([]) })).json.error === 52);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(128 + 15);
    await failed;
  });

  it('cuts unfinished requests after SHUTDOWN_GRACE_MS', async () => {
    const service = await spawnService({ SHUTDOWN_GRACE_MS: '200' });
    const { started, failed } = halfSent(service.url, Buffer.from(bodyOf(sampleRows(10))));
    await started;
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
    await failed;
  });
});

/** Sends half of a request. `finish` sends the rest. */
function halfSent(url: string, body: Buffer) {
  const outgoing = request(`${url}/method`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
    agent: false,
  });
  const failed = once(outgoing, 'error').then(() => undefined);
  const response = once(outgoing, 'response');
  response.catch(() => undefined);
  const started = new Promise<void>((resolve) =>
    outgoing.write(body.subarray(0, body.length / 2), () => void setTimeout(100).then(resolve)),
  );
  const finish = async (): Promise<Response['json']> => {
    outgoing.end(body.subarray(body.length / 2));
    const [incoming] = (await response) as [AsyncIterable<Buffer>];
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString()) as Response['json'];
  };
  return { started, failed, finish };
}

async function untilNotReady(url: string): Promise<Response> {
  for (;;) {
    const ready = await call(url, { method: 'GET', path: '/health/ready' });
    if (ready.status !== 200) return ready;
  }
}
