import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, call, eventually, rawRequest, sampleRows } from '../support/http.js';
import { spawnService, type ServiceProcess } from '../support/service.js';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');
const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8');

/** Runs promtool. Resolves to its output, or rejects if it reports a problem. */
function promtool(args: readonly string[], input = ''): Promise<string> {
  return new Promise((settle, reject) => {
    const child = execFile('promtool', args, { cwd: join(DEPLOY, 'prometheus') }, (error, out, err) => {
      if (error === null) settle(out + err);
      else reject(new Error(`${error.message}\n${out}${err}`));
    });
    child.stdin?.end(input);
  });
}

let service: ServiceProcess;
beforeAll(async () => {
  service = await spawnService({ MAX_IN_FLIGHT_BYTES: '100000' });
});
afterAll(() => void service.child.kill('SIGKILL'));

const metrics = async () => (await fetch(`${service.url}/metrics`)).text();

describe('promtool', () => {
  it('accepts the configuration and the rules, which fire when they should', async () => {
    await promtool(['check', 'config', 'prometheus.yml']);
    await promtool(['check', 'rules', 'alerts.yml']);
    expect(await promtool(['test', 'rules', 'alerts.test.yml'])).toContain('SUCCESS');
  });

  it('accepts the metrics of one process and of several', async () => {
    await call(service.url, { body: bodyOf(sampleRows(10)) });
    await call(service.url, { body: '{' });
    expect(await promtool(['check', 'metrics'], await metrics())).toBe('');
    const several = await spawnService({ WEB_CONCURRENCY: '2' });
    const text = await (await fetch(`${several.url}/metrics`)).text();
    several.child.kill('SIGTERM');
    expect(await promtool(['check', 'metrics'], text)).toBe('');
  });
});

describe('the alerts and the dashboard', () => {
  it('name only metrics that the service has', async () => {
    const known = new Set([...(await metrics()).matchAll(/^([a-z_0-9]+)(?:\{| )/gm)].map(([, name]) => name));
    const text = read('prometheus/alerts.yml') + read('grafana/kasem.json');
    const named = new Set(
      [...text.matchAll(/\b(?:kasem|http_server|nodejs|process)_[a-z_0-9]+/g)].map(([name]) => name),
    );
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('a real Prometheus', () => {
  it('scrapes the service, and fires the alert when requests are shed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'prometheus-'));
    // The shipped rules, with seconds instead of minutes.
    writeFileSync(
      join(directory, 'alerts.yml'),
      read('prometheus/alerts.yml')
        .replace(/for: \d+m/g, 'for: 1s')
        .replace(/\[\d+m\]/g, '[10s]'),
    );
    writeFileSync(
      join(directory, 'prometheus.yml'),
      read('prometheus/prometheus.yml')
        .replace(/_interval: 15s/g, '_interval: 1s')
        .replace(/dns_sd_configs:[^]*/, `static_configs: [{ targets: ['127.0.0.1:${service.port}'] }]\n`),
    );
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const prometheus = spawn('prometheus', [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    try {
      const ask = async (path: string) =>
        (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as {
          data: {
            alerts: { labels: { alertname: string }; state: string }[];
            result: { value: [number, string] }[];
          };
        };
      const value = async (query: string) =>
        Number((await ask(`query?query=${encodeURIComponent(query)}`)).data.result[0]?.value[1]);
      const isFiring = async () =>
        (await ask('alerts')).data.alerts.some(
          ({ labels, state }) => labels.alertname === 'KasemShedding' && state === 'firing',
        );
      await eventually(() =>
        value('up{job="kasem"}').then(
          (up) => up === 1,
          () => false,
        ),
      );
      expect(await isFiring()).toBe(false);

      const other = rawRequest(service.port, ['Content-Length: 90000']);
      const shed = setInterval(() => {
        const request = rawRequest(service.port, ['Content-Length: 20000', 'Connection: close']);
        void request.received(/\}$/).then(
          () => request.close(),
          () => undefined,
        );
      }, 100);
      await eventually(isFiring);
      clearInterval(shed);
      other.close();
      expect(await value('sum(kasem_shed_requests_total)')).toBeGreaterThan(0);
    } finally {
      prometheus.kill('SIGKILL');
      await once(prometheus, 'exit');
      rmSync(directory, { recursive: true, force: true });
    }
  }, 90_000);
});
