import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { call, eventually } from '../support/http.js';
import { PROFILES, profiles, ROOT, run, V1, V2, type Compose, type Service } from './compose.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const FILE = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
const SAMPLE = read('test/fixtures/sample.request.json');
const { scalar: SUMS } = JSON.parse(read('test/fixtures/sample.response.json')) as { scalar: object };

describe('docker-compose.yml', () => {
  const { kasem, replica } = FILE.services as { kasem: Service; replica: Service };

  it.each([[[]], [['scaled']], [['observed']], [PROFILES]])(
    'is valid for both kinds of compose with the profiles %j',
    async (names) => {
      for (const [command, ...args] of [V1, V2]) {
        const services = (file: readonly string[]) =>
          run(command, [...args, ...file, ...profiles(names), 'config']).then(
            (text) => (parse(text) as typeof FILE).services,
          );
        expect(Object.keys(await services([]))).toEqual(expect.arrayContaining(['kasem']));
        const keyed = await services(['-f', 'docker-compose.yml', '-f', 'deploy/compose/keys.yml']);
        expect(keyed.kasem?.environment.API_KEYS_FILE).toBe('/run/secrets/keys');
        expect(keyed.kasem?.environment.MAX_BODY_BYTES).toBe(kasem.environment.MAX_BODY_BYTES);
      }
    },
    120_000,
  );

  // Newer versions of compose validate their files by this schema.
  it('conforms to the schema of the Compose Specification, which finds planted faults', () => {
    const { $schema, ...schema } = JSON.parse(read('node_modules/dclint/schemas/compose.schema.json')) as Record<
      string,
      object
    >;
    expect($schema).toContain('draft-07');
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    for (const path of ['docker-compose.yml', 'deploy/compose/keys.yml', 'test/container/stand-in.yml'])
      expect([path, validate(parse(read(path), { merge: true })), validate.errors]).toEqual([path, true, null]);
    for (const fault of [{ memory_limit: '1g' }, { cap_drop: 'ALL' }, { scale: [] }, { healthcheck: { test: 1 } }])
      expect([fault, validate({ services: { kasem: { ...kasem, ...fault } } })]).toEqual([fault, false]);
  });

  it('has further instances that differ from the first only in their number and name', () => {
    const { ports, ...first } = kasem;
    const { profiles, scale, depends_on, networks, ...further } = replica;
    expect(ports).toHaveLength(1);
    expect([profiles, scale, depends_on]).toEqual([['scaled'], '${KASEM_REPLICAS:-2}', ['kasem']]);
    expect(networks).toEqual({ default: { aliases: ['kasem'] } });
    expect(further).toEqual(first);
  });

  it('leaves the health check to the image', () => {
    expect(kasem).not.toHaveProperty('healthcheck');
    expect(read('Dockerfile')).toContain('HEALTHCHECK --interval');
  });

  it('gives enough memory for the budget, and enough time to stop', () => {
    const { MAX_IN_FLIGHT_BYTES, MAX_BODY_BYTES, SHUTDOWN_DELAY_MS, SHUTDOWN_GRACE_MS } = kasem.environment;
    const worst = 160 + (4 * Number(MAX_IN_FLIGHT_BYTES)) / 2 ** 20;
    const given = Number(/^(\d+)m$/.exec(String(kasem.mem_limit))?.[1]);
    expect(given).toBeGreaterThanOrEqual(worst);
    expect(kasem.memswap_limit).toBe(kasem.mem_limit);
    expect(Number(MAX_BODY_BYTES)).toBeLessThanOrEqual(Number(MAX_IN_FLIGHT_BYTES));
    const patience = 1000 * Number(/^(\d+)s$/.exec(String(kasem.stop_grace_period))?.[1]);
    expect(patience).toBeGreaterThanOrEqual(Number(SHUTDOWN_DELAY_MS) + Number(SHUTDOWN_GRACE_MS) + 5000);
  });

  it('sets only variables that the service has', () => {
    const known: string[] = read('config/default.env').match(/^\w+(?==)/gm) ?? [];
    expect(Object.keys(kasem.environment).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(Object.entries(FILE.services))('restricts %s, keeps its log small and restarts it', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
    });
    expect(service.image).toMatch(/^kasem-time-series:|:v?\d+\.\d+/);
    for (const volume of (service.volumes ?? []) as string[])
      if (volume.startsWith('./'))
        expect([volume, existsSync(join(ROOT, volume.split(':')[0] as string))]).toEqual([volume, true]);
  });

  it('provisions Grafana with the mounted dashboard, and with Prometheus by its name', () => {
    const { volumes } = FILE.services.grafana as unknown as { volumes: string[] };
    const provisioning = 'deploy/grafana/provisioning';
    const dashboards = parse(read(`${provisioning}/dashboards/kasem.yml`)) as {
      providers: { type: string; options: { path: string } }[];
    };
    const sources = parse(read(`${provisioning}/datasources/prometheus.yml`)) as {
      datasources: { type: string; url: string }[];
    };
    expect(dashboards.providers.map(({ options }) => options.path)).toEqual(['/etc/grafana/dashboards']);
    expect(volumes).toEqual(
      expect.arrayContaining([
        `./${provisioning}:/etc/grafana/provisioning:ro`,
        './deploy/grafana/kasem.json:/etc/grafana/dashboards/kasem.json:ro',
      ]),
    );
    expect(sources.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
  });
});

describe('on a real engine', () => {
  const name = `kasem-test-${process.pid}`;
  const directory = mkdtempSync(join(tmpdir(), 'compose-'));
  const port = () => 20_000 + Math.floor(Math.random() * 10_000);
  const [own, proxy, prometheus] = [port(), port(), port()];
  const environment = {
    VERSION: name,
    STAND_IN: `${name}-stand-in`,
    KASEM_PORT: String(own),
    PROXY_PORT: String(proxy),
    PROMETHEUS_PORT: String(prometheus),
    KASEM_KEYS_FILE: join(directory, 'keys'),
  };
  const FILES = ['docker-compose.yml', 'deploy/compose/keys.yml', 'test/container/stand-in.yml'];
  const plain = FILES.filter((file) => !file.includes('keys'));
  const composeBy = (
    [command, ...first]: Compose,
    files: readonly string[],
    names: readonly string[],
    ...args: string[]
  ) => {
    const options = files.flatMap((file) => ['-f', file]);
    return run(command, [...first, '-p', name, ...options, ...profiles(names), ...args], environment);
  };
  const compose = (files: readonly string[], names: readonly string[], ...args: string[]) =>
    composeBy(V2, files, names, ...args);
  const docker = (...args: string[]) => run('docker', args);
  const containers = async (service?: string) => {
    const filters = [`project=${name}`, ...(service === undefined ? [] : [`service=${service}`])];
    const args = filters.flatMap((filter) => ['--filter', `label=com.docker.compose.${filter}`]);
    return (await docker('ps', '-aq', ...args)).split('\n').filter(Boolean);
  };
  const states = async (service: string, field: string) =>
    Promise.all(
      (await containers(service)).map(async (id) => (await docker('inspect', '-f', `{{.State.${field}}}`, id)).trim()),
    );
  // Does the same as v2's --wait, which 1.29 lacks.
  const wait = (service: string) =>
    eventually(async () => (await states(service, 'Health.Status')).every((state) => state === 'healthy'));
  const sample = (at: number, headers = {}) =>
    call(`http://127.0.0.1:${at}`, { body: SAMPLE, headers }).then(({ json }) => json);
  const down = () => compose(FILES, PROFILES, 'down', '-v', '--remove-orphans');

  beforeAll(async () => {
    writeFileSync(environment.KASEM_KEYS_FILE, '# keys\nkasem-interface:2f6c1d\n', { mode: 0o644 });
    // Uses the host's network, so that engines without a bridge can build too.
    const build = (...args: string[]) => docker('build', '-q', '--network=host', ...args);
    await build('--target', 'production', '-t', `kasem-time-series:${name}`, '.');
    await build('-t', environment.STAND_IN, '-f', 'test/container/stand-in.Dockerfile', 'test/container');
  }, 900_000);
  afterAll(async () => {
    await down();
    await docker('image', 'rm', `kasem-time-series:${name}`, environment.STAND_IN);
    rmSync(directory, { recursive: true });
  }, 240_000);

  it('starts the service alone, without keys, and stops it with exit code 0', async () => {
    await compose(plain, [], 'up', '-d', '--no-build', '--wait');
    expect(await states('kasem', 'Health.Status')).toEqual(['healthy']);
    expect(await containers()).toHaveLength(1);
    expect(await sample(own)).toMatchObject({ error: 0, scalar: SUMS });
    await compose(plain, [], 'stop');
    expect(await states('kasem', 'ExitCode')).toEqual(['0']);
    await down();
  }, 240_000);

  it('is started and stopped by docker-compose 1.29, too', async () => {
    await composeBy(V1, plain, [], 'up', '-d', '--no-build');
    await wait('kasem');
    expect(await sample(own)).toMatchObject({ error: 0, scalar: SUMS });
    await composeBy(V1, plain, [], 'down', '-v');
    expect(await containers()).toEqual([]);
  }, 240_000);

  it('needs a key with keys.yml, and accepts a new one after SIGHUP', async () => {
    await compose(FILES, [], 'up', '-d', '--no-build', '--wait');
    expect(await sample(own)).toMatchObject({ error: 11 });
    expect(await sample(own, { 'X-API-Key': '2f6c1d' })).toMatchObject({ error: 0 });
    writeFileSync(environment.KASEM_KEYS_FILE, 'kasem-interface:2f6c1d\nother:77aa\n');
    await compose(FILES, [], 'kill', '-s', 'HUP', 'kasem');
    await eventually(async () => (await sample(own, { 'X-API-Key': '77aa' })).error === 0);
    await down();
  }, 240_000);

  it('spreads requests over the replicas, scrapes each of them, and survives when one is killed', async () => {
    const up = ['up', '-d', '--no-build', '--wait', '--scale', 'replica=2'];
    await compose(plain, PROFILES, ...up, 'proxy', 'prometheus');
    const answered = async () => {
      const logs = [...(await containers('kasem')), ...(await containers('replica'))].map((id) => docker('logs', id));
      return (await Promise.all(logs)).map((log) => log.split('"method":"POST"').length - 1);
    };
    await eventually(async () => {
      await sample(proxy).catch(() => undefined);
      return (await answered()).every((count) => count > 0);
    });
    expect(await answered()).toHaveLength(3);

    const scraped = async () => {
      const response = await fetch(`http://127.0.0.1:${prometheus}/api/v1/query?query=sum(up{job="kasem"})`);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return data.result[0]?.value[1];
    };
    await eventually(async () => (await scraped().catch(() => undefined)) === '3');

    const [victim] = await containers('replica');
    await docker('kill', victim as string);
    for (let i = 0; i < 20; i++) expect(await sample(proxy)).toMatchObject({ error: 0, scalar: SUMS });
    await down();
  }, 400_000);
});
