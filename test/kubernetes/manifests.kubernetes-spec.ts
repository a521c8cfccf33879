import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { type ISecret } from 'kubernetes-models/v1/Secret';
import { parse } from 'yaml';
import { bodyOf, call, sampleRows } from '../support/http.js';
import { spawnService, type ServiceProcess } from '../support/service.js';
import { crossFaults, Rendering } from './cross-check.js';
import { KUBERNETES, render, withValue, type Manifest } from './manifest.js';
import { schemaFaults } from './schema.js';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const KEY = 'c2b1e0';
const SCRAPE_KEY = '0e1b2c';
const OVERLAYS = ['development', 'production', 'monitored'] as const;

/** A copy with an operator's additions: the keys, and the overlay that docs/kubernetes.md shows. */
const directory = mkdtempSync(join(tmpdir(), 'kubernetes-'));
const overlay = (name: string) => join(directory, 'overlays', name);
const renderings = {} as Record<(typeof OVERLAYS)[number], Manifest[]>;

beforeAll(() => {
  cpSync(KUBERNETES, directory, { recursive: true });
  writeFileSync(join(overlay('production'), 'keys'), `kasem-interface:${KEY}\nprometheus:${SCRAPE_KEY}\n`);
  const [, monitored = ''] =
    /`overlays\/monitored\/kustomization.yaml`:\n\n```yaml\n([^`]*)```/.exec(read('docs/kubernetes.md')) ?? [];
  mkdirSync(overlay('monitored'));
  writeFileSync(join(overlay('monitored'), 'kustomization.yaml'), monitored);
  writeFileSync(join(overlay('monitored'), 'scrape-key'), SCRAPE_KEY);
  for (const name of OVERLAYS) renderings[name] = render(overlay(name));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(OVERLAYS)('the overlay %s', (name) => {
  it('conforms to the schemas', async () => {
    expect(await schemaFaults(renderings[name])).toEqual([]);
  });

  it('is consistent', () => {
    expect(crossFaults(renderings[name])).toEqual([]);
  });

  it('labels everything except the namespace as part of kasem', () => {
    for (const { kind, metadata } of renderings[name])
      if (!['Namespace', 'Secret'].includes(kind))
        expect([kind, metadata]).toEqual([
          kind,
          expect.objectContaining({
            labels: expect.objectContaining({ 'app.kubernetes.io/part-of': 'kasem' }),
          }),
        ]);
  });
});

describe('the overlay development', () => {
  it('is small, and logs more', () => {
    const { autoscaler, container, environment } = new Rendering(renderings.development);
    expect(autoscaler.spec?.minReplicas).toBe(1);
    expect(container.resources?.requests?.cpu).toBe('100m');
    expect(environment.LOG_LEVEL).toBe('debug');
  });
});

describe('the overlay production', () => {
  it('has the version of the package, and survives the loss of a node', () => {
    const { container, autoscaler } = new Rendering(renderings.production);
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(container.image).toMatch(new RegExp(`:${version.replaceAll('.', '\\.')}$`));
    expect(autoscaler.spec?.minReplicas).toBeGreaterThanOrEqual(2);
    for (const { metadata } of renderings.production as { metadata: { labels?: object } }[])
      expect(metadata.labels).toHaveProperty(['app.kubernetes.io/version'], version);
  });

  it('does not render without keys, and no key is in the repository', () => {
    expect(() => render(join(KUBERNETES, 'overlays/production'))).toThrow(/keys/);
    const { data } = renderings.production.find(({ kind }) => kind === 'Secret') as ISecret;
    expect(Buffer.from(data?.keys ?? '', 'base64').toString()).toContain(KEY);
    expect(read('deploy/kubernetes/overlays/production/keys.example')).not.toMatch(/^\s*[^#\s]/m);
  });
});

describe('the component monitoring', () => {
  it('has the alerts of deploy/prometheus, whose job is the Service’s name', () => {
    const rule = renderings.monitored.find(({ kind }) => kind === 'PrometheusRule') as IPrometheusRule;
    const alerts = read('deploy/prometheus/alerts.yml');
    expect(rule.spec).toEqual(parse(alerts));
    const { service } = new Rendering(renderings.monitored);
    const jobs = new Set([...alerts.matchAll(/job="([^"]*)"/g)].map(([, job]) => job));
    expect([...jobs]).toEqual([service.metadata?.name]);
  });
});

describe('the service, started with the environment of production', () => {
  let service: ServiceProcess;
  beforeAll(async () => {
    const { variables } = new Rendering(renderings.production);
    const { data } = renderings.production.find(({ kind }) => kind === 'Secret') as ISecret;
    const keys = join(directory, 'mounted-keys');
    writeFileSync(keys, Buffer.from(data?.keys ?? '', 'base64'));
    service = await spawnService({
      ...variables,
      NODE_ENV: 'production',
      PORT: '0',
      API_KEYS_FILE: keys,
    });
  });
  afterAll(() => void service.child.kill('SIGKILL'));

  it('responds to the probes on their paths without a key', async () => {
    const { startupProbe, readinessProbe, livenessProbe } = new Rendering(renderings.production).container;
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      const { status } = await fetch(service.url + (probe?.httpGet?.path ?? ' '));
      expect(status).toBe(200);
    }
  });

  it('accepts its key for the scrape, and only the callers’ keys for calls', async () => {
    const { monitor } = new Rendering(renderings.monitored);
    const secret = renderings.monitored.find(
      ({ metadata }) => metadata.name === monitor?.spec.endpoints[0]?.authorization?.credentials?.name,
    ) as ISecret;
    const key = Buffer.from(secret.data?.key ?? '', 'base64').toString();
    const scrape = (headers: Record<string, string>) =>
      fetch(service.url + (monitor?.spec.endpoints[0]?.path ?? ' '), { headers });
    expect((await scrape({ Authorization: `Bearer ${key}` })).status).toBe(200);
    expect((await scrape({})).status).toBe(401);

    const body = bodyOf(sampleRows(3));
    const response = await call(service.url, { body, headers: { 'X-API-Key': KEY } });
    expect([response.status, response.json.error]).toEqual([200, 0]);
    expect((await call(service.url, { body })).status).toBe(401);
  });
});

const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;

describe('a planted fault', () => {
  it.each<[kind: string, path: string, value: unknown, says: RegExp]>([
    ['Deployment', `${CONTAINER}.readynessProbe`, { httpGet: { port: 'http' } }, /readynessProbe.*readinessProbe/],
    ['Deployment', `${CONTAINER}.readinessProbe.httpGet.url`, '/', /'url' does not exist/],
    ['Deployment', `${CONTAINER}.resources.limit`, {}, /'limit' does not exist/],
    ['Deployment', `${POD}.securityContext.seccompProfile.kind`, 'RuntimeDefault', /'kind' does not exist/],
    ['Deployment', 'spec.selector', undefined, /selector/],
    ['Deployment', `${CONTAINER}.livenessProbe.periodSeconds`, '10', /periodSeconds/],
    ['Deployment', `${CONTAINER}.resources.limits.memory`, '768 MB', /memory/],
    ['Deployment', 'apiVersion', 'apps/v9', /apps\/v9/],
    ['Service', 'spec.ports.0.targetport', 'http', /targetport.*targetPort/],
    ['HorizontalPodAutoscaler', 'spec.metrics.0.resource.target.utilization', 60, /utilization/],
    ['PodDisruptionBudget', 'spec.maxUnavailble', 1, /maxUnavailble/],
    ['NetworkPolicy', 'spec.ingress.0.from.0.podSelector.labels', {}, /labels/],
    ['ServiceMonitor', 'spec.endpoints.0.scrapeEvery', '15s', /scrapeEvery/],
    ['PrometheusRule', 'spec.groups.0.rules.0.severity', 'critical', /severity/],
    ['Namespace', 'meta', {}, /meta/],
  ])('against the schema, %s %s = %j, is found', async (kind, path, value, says) => {
    const faults = await schemaFaults(withValue(renderings.monitored, kind, path, value));
    expect(faults.join('\n')).toMatch(says);
  });

  it.each<[kind: string, path: string, value: unknown, says: RegExp]>([
    ['Service', 'metadata.namespace', 'default', /Service kasem is not in the namespace/],
    ['Deployment', 'spec.selector.matchLabels', { app: 'kasem' }, /Deployment does not select/],
    ['Service', 'spec.selector', { app: 'kasem' }, /Service does not select/],
    ['Service', 'spec.selector', {}, /Service does not select/],
    ['PodDisruptionBudget', 'spec.selector.matchLabels', { app: 'kasem' }, /Budget does not select/],
    ['NetworkPolicy', 'spec.podSelector.matchLabels', { app: 'kasem' }, /Policy does not select/],
    ['ServiceMonitor', 'spec.selector.matchLabels', { app: 'kasem' }, /Monitor does not select/],
    ['Deployment', `${POD}.topologySpreadConstraints`, [], /not spread/],
    ['Deployment', `${POD}.topologySpreadConstraints.0.labelSelector`, undefined, /a spread does not/],
    ['ConfigMap', 'data.PORT', '8080', /no container port is PORT/],
    ['Deployment', `${CONTAINER}.ports.0.name`, 'web', /of the Service is none(.|\n)*probe(.|\n)*let in/],
    ['Service', 'spec.ports.0.targetPort', 8080, /of the Service is none/],
    ['Service', 'spec.ports.0.name', 'web', /ServiceMonitor asks a port/],
    ['Deployment', `${CONTAINER}.livenessProbe`, undefined, /probe is missing/],
    ['Deployment', `${CONTAINER}.livenessProbe.httpGet.port`, 80, /probe is missing, or/],
    ['Deployment', `${CONTAINER}.livenessProbe.httpGet.path`, '/health/ready', /look like death/],
    ['Deployment', `${CONTAINER}.readinessProbe.httpGet.path`, '/health', /not asked for at .health.ready/],
    ['ConfigMap', 'data.WEB_CONCURENCY', '2', /WEB_CONCURENCY is no variable/],
    ['ConfigMap', 'data.LOG_LEVEL', 'loud', /LOG_LEVEL: expected one of .*, got "loud"/],
    ['ConfigMap', 'data.API_KEYS', 'a:b', /API_KEYS belongs into a Secret/],
    ['ConfigMap', 'metadata.name', 'other', /ConfigMap is missing/],
    ['Secret', 'metadata.name', 'other', /Secret is missing/],
    ['Deployment', `${CONTAINER}.env.0.value`, '/etc/keys', /API_KEYS_FILE is no file/],
    ['Deployment', `${CONTAINER}.image`, 'kasem-time-series:latest', /no tag of its own/],
    ['Deployment', `${POD}.terminationGracePeriodSeconds`, 30, /shorter than preStop/],
    ['ConfigMap', 'data.SHUTDOWN_GRACE_MS', '60000', /shorter than preStop/],
    ['Deployment', `${CONTAINER}.lifecycle`, undefined, /preStop does not sleep/],
    ['Deployment', `${CONTAINER}.readinessProbe.failureThreshold`, 9, /restart comes before/],
    ['Deployment', `${CONTAINER}.startupProbe.failureThreshold`, 3, /start may take/],
    ['ConfigMap', 'data.MAX_IN_FLIGHT_BYTES', '1000000', /never fit/],
    ['ConfigMap', 'data.MAX_IN_FLIGHT_BYTES', '268435456', /requested memory(.|\n)*limit of memory/],
    ['ConfigMap', 'data.WEB_CONCURRENCY', '2', /requested memory(.|\n)*limit of memory/],
    ['Deployment', `${CONTAINER}.resources.limits.cpu`, '1', /throttle/],
    ['Deployment', 'spec.replicas', 2, /both set replicas/],
    ['HorizontalPodAutoscaler', 'spec.scaleTargetRef.name', 'other', /another target/],
    ['HorizontalPodAutoscaler', 'spec.maxReplicas', 2, /no room/],
    ['Deployment', `${CONTAINER}.resources.requests.cpu`, undefined, /no CPU to measure/],
    ['PodDisruptionBudget', 'spec.maxUnavailable', 0, /lets nobody go/],
    ['PodDisruptionBudget', 'spec', { minAvailable: 2 }, /lets nobody go/],
    ['Deployment', `${POD}.securityContext.runAsNonRoot`, false, /run as root/],
    ['Deployment', `${POD}.securityContext.runAsUser`, 0, /no number above 0/],
    ['Deployment', `${POD}.securityContext.seccompProfile`, undefined, /seccomp/],
    ['Deployment', `${CONTAINER}.securityContext.allowPrivilegeEscalation`, undefined, /escalate/],
    ['Deployment', `${CONTAINER}.securityContext.privileged`, true, /privileged/],
    ['Deployment', `${CONTAINER}.securityContext.capabilities.add`, ['NET_ADMIN'], /capabilities/],
    ['Deployment', `${CONTAINER}.securityContext.readOnlyRootFilesystem`, false, /root can be written/],
    ['Deployment', `${CONTAINER}.volumeMounts`, [], /nowhere to write/],
    ['Deployment', `${POD}.hostNetwork`, true, /namespace of the node/],
    ['Deployment', `${POD}.volumes.0`, { name: 'tmp', hostPath: { path: '/' } }, /does not allow/],
    ['Deployment', `${POD}.automountServiceAccountToken`, undefined, /token/],
    ['NetworkPolicy', 'spec.egress', [{}], /call out/],
    ['NetworkPolicy', 'spec.policyTypes', ['Egress'], /lets in everybody/],
    ['NetworkPolicy', 'spec.ingress.0.from', undefined, /lets in everybody/],
  ])('between documents, %s %s = %j, is found', (kind, path, value, says) => {
    expect(crossFaults(withValue(renderings.monitored, kind, path, value)).join('\n')).toMatch(says);
  });
});
