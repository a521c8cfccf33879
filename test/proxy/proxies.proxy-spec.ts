import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, metric, rawRequest, sampleRows, type Response } from '../support/http.js';
import { spawnService, type ServiceProcess } from '../support/service.js';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');
const PATH = `${process.env.PATH}:/usr/sbin`;
const SCALE = 3;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A body and the expected rows of its response. */
function load(count: number) {
  const rows = sampleRows(count, count);
  const sums = rows.map(([date, e1, e2]) => [date, SCALE * ((e1 as number) + (e2 as number))]);
  return { body: bodyOf(rows, SCALE), expected: JSON.stringify(sums) };
}
const SMALL = load(4);
/** Fits the proxy's buffer, so that it can be sent again. Its response is a single write, so that it is never cut. */
const MEDIUM = load(1_800);
const LARGE = load(40_000);

const ENVIRONMENT = {
  // Enough for a rolling restart: by then two checks, one every half second, must have failed.
  SHUTDOWN_DELAY_MS: '2000',
  SHUTDOWN_GRACE_MS: '5000',
  // Fits one large body and many others, but not two large ones.
  MAX_IN_FLIGHT_BYTES: String(2 * LARGE.body.length - 1),
};

/** The refusal of an instance or of the proxy itself, in the contract's form. */
const overloaded = {
  status: 503,
  headers: expect.objectContaining({
    'content-type': expect.stringMatching(/^application\/json/),
    'retry-after': '1',
  }),
  json: { error: 51, log: expect.any(String) },
};

const isRight = ({ status, json }: Response, { expected }: ReturnType<typeof load>) =>
  status === 200 && JSON.stringify(json.scalar?.data) === expected;

/** Calls without a pause until it is stopped. Collects the failures. */
function steadyLoad(url: string, kinds: readonly ReturnType<typeof load>[]) {
  let isOver = false;
  let right = 0;
  const failures: string[] = [];
  const client = async ({ body, expected }: ReturnType<typeof load>) => {
    while (!isOver) {
      try {
        const { status, json } = await call(url, { body });
        if (status !== 200) failures.push(`${status}: ${json.log}`);
        else if (JSON.stringify(json.scalar?.data) !== expected) failures.push('another response');
        else right++;
      } catch (error) {
        failures.push((error as Error).message);
      }
      await setTimeout(5);
    }
  };
  const clients = kinds.map(client);
  return {
    get right() {
      return right;
    },
    stop: async () => {
      isOver = true;
      await Promise.all(clients);
      return { right, failures };
    },
  };
}

/** Starts a proxy in front of two instances. `kill` ends it. */
type StartProxy = (port: number, instances: readonly [number, number]) => ChildProcess;

const HAPROXY = resolve(DEPLOY, 'haproxy/haproxy.cfg');

const startHaproxy: StartProxy = (port, [one, two]) =>
  spawn('haproxy', ['-db', '-f', HAPROXY], {
    env: {
      PATH,
      PORT: String(port),
      KASEM_1: `127.0.0.1:${one}`,
      KASEM_2: `127.0.0.1:${two}`,
      KASEM_SERVER_TIMEOUT: '3s',
    },
  });

const NGINX = resolve(DEPLOY, 'nginx/kasem.conf');

/** A separate configuration that includes the file like /etc/nginx/nginx.conf. */
function nginxConfiguration(file: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
  writeFileSync(join(directory, 'kasem.conf'), file);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; user root; pid ${directory}/pid; error_log stderr; worker_processes 1; events {}
     http { access_log off; ${paths.join(' ')} include ${directory}/kasem.conf; }`,
  );
  return join(directory, 'nginx.conf');
}

const startNginx: StartProxy = (port, [one, two]) => {
  const file = readFileSync(NGINX, 'utf8')
    .replaceAll('127.0.0.1:5001', `127.0.0.1:${one}`)
    .replaceAll('127.0.0.1:5002', `127.0.0.1:${two}`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('proxy_read_timeout 30s', 'proxy_read_timeout 3s');
  return spawn('nginx', ['-c', nginxConfiguration(file)], { env: { PATH } });
};

describe('haproxy -c', () => {
  it.each([[{ KASEM_1: '127.0.0.1:5001', KASEM_2: '127.0.0.1:5002' }], [{ KASEM: 'kasem:5000' }]])(
    'accepts the configuration for %j',
    (instances) => {
      const { status, stderr } = spawnSync('haproxy', ['-c', '-f', HAPROXY], {
        env: { PATH, PORT: '8080', ...instances },
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
    },
  );
});

describe('nginx -t', () => {
  it('accepts the configuration', () => {
    const configuration = nginxConfiguration(readFileSync(NGINX, 'utf8'));
    const { status, stderr } = spawnSync('nginx', ['-t', '-c', configuration], {
      env: { PATH },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/warn|emerg|error/)]);
  });
});

describe.each([
  ['HAProxy', startHaproxy],
  ['nginx', startNginx],
])('two instances behind %s', (_, startProxy) => {
  let proxy: ChildProcess;
  let port: number;
  let url: string;
  let instances: ServiceProcess[];
  let output = '';

  const start = (port: number) => spawnService({ ...ENVIRONMENT, PORT: String(port) });
  const isUp = () =>
    call(url, { body: SMALL.body }).then(
      ({ status }) => status === 200,
      () => false,
    );

  beforeAll(async () => {
    instances = await Promise.all([start(0), start(0)]);
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const [one, two] = instances as [ServiceProcess, ServiceProcess];
    proxy = startProxy(port, [one.port, two.port]);
    proxy.stderr?.on('data', (text) => (output += String(text)));
    const ended = once(proxy, 'exit').then(() => {
      throw new Error(`the proxy ended: ${output}`);
    });
    await Promise.race([eventually(isUp), ended]);
    ended.catch(() => undefined);
  }, 60_000);

  afterAll(() => {
    proxy.kill('SIGTERM');
    for (const { child } of instances) child.kill('SIGKILL');
  });

  it('restart one after the other without a failed request, even of large bodies', async () => {
    const traffic = steadyLoad(url, [SMALL, SMALL, SMALL, MEDIUM, LARGE]);
    await setTimeout(1_000);
    for (const [i, instance] of instances.entries()) {
      instance.child.kill('SIGTERM');
      expect(await instance.exited).toBe(0);
      instances[i] = await start(instance.port);
      // The proxy must see that it is back before the other one stops.
      await setTimeout(2_000);
    }
    const { right, failures } = await traffic.stop();
    expect(failures).toEqual([]);
    expect(right).toBeGreaterThan(500);
  }, 60_000);

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'lose no request that fits the buffer if one gets %s',
    async (signal) => {
      const traffic = steadyLoad(url, [SMALL, SMALL, SMALL, MEDIUM, MEDIUM]);
      await setTimeout(1_000);
      const [victim] = instances as [ServiceProcess];
      victim.child.kill(signal);
      await setTimeout(6_000);
      const before = traffic.right;
      await eventually(() => traffic.right > before + 100);
      const { failures } = await traffic.stop();
      expect(failures).toEqual([]);

      victim.child.kill('SIGKILL');
      await victim.exited;
      instances[0] = await start(victim.port);
      await setTimeout(2_000);
    },
    60_000,
  );

  it('report that both are overloaded, and accept what still fits', async () => {
    const held = instances.map((instance) => {
      const upload = rawRequest(instance.port, [`Content-Length: ${LARGE.body.length}`]);
      upload.send(LARGE.body.slice(0, -1));
      return upload;
    });
    for (const instance of instances)
      await eventually(async () => (await metric(instance.url, 'kasem_in_flight_bytes')) > LARGE.body.length / 2);

    for (let i = 0; i < 10; i++) {
      expect(await call(url, { body: LARGE.body })).toMatchObject(overloaded);
      expect(isRight(await call(url, { body: SMALL.body }), SMALL)).toBe(true);
    }
    for (const upload of held) upload.close();
  }, 60_000);

  it('respond to every request under overload, and share the requests again afterwards', async () => {
    const bodies = [...Array<typeof LARGE>(60).fill(LARGE), ...Array<typeof SMALL>(60).fill(SMALL)];
    const responses = await Promise.all(
      bodies.map(async (load) => ({ load, response: await call(url, { body: load.body }) })),
    );
    const refused = responses.filter(({ load, response }) => !isRight(response, load));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(bodies.length);
    for (const { response } of refused) expect(response).toMatchObject(overloaded);

    await setTimeout(1_500);
    const rows = () => Promise.all(instances.map(({ url }) => metric(url, 'kasem_method_rows_total{method="method"}')));
    const before = await rows();
    for (let i = 0; i < 20; i++) expect(isRight(await call(url, { body: SMALL.body }), SMALL)).toBe(true);
    const after = await rows();
    expect(after.every((count, i) => count > (before[i] ?? 0))).toBe(true);
  }, 60_000);

  it("refuse a body that is too long in the contract's form", async () => {
    const upload = rawRequest(port, [`Content-Length: ${256 * 2 ** 20 + 1}`]);
    upload.send(new Uint8Array(2 ** 20));
    expect(await upload.received(/"error":15/)).toMatch(/^HTTP\/1\.1 413 [^]*application\/json/);
    upload.close();
  });

  it("respond in the contract's form if both hang while a body is sent", async () => {
    const upload = rawRequest(port, [`Content-Length: ${LARGE.body.length}`]);
    const half = LARGE.body.length / 2;
    upload.send(LARGE.body.slice(0, half));
    await setTimeout(500);
    for (const { child } of instances) child.kill('SIGSTOP');
    upload.send(LARGE.body.slice(half));
    expect(await upload.received(/"error":51/)).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1/i);
    upload.close();
  }, 60_000);

  it("respond in the contract's form if both are gone", async () => {
    for (const { child } of instances) child.kill('SIGKILL');
    await Promise.all(instances.map(({ exited }) => exited));
    expect(await call(url, { body: SMALL.body })).toMatchObject(overloaded);
  });
});
