import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { getMetadataStorage } from 'class-validator';
import { type IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { type IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { type IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { type INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { type IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { type IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { type ISecret } from 'kubernetes-models/v1/Secret';
import { type IService } from 'kubernetes-models/v1/Service';
import { Environment, readEnvironment, SECRETS } from '../../src/common/config/environment.js';
import { type Manifest } from './manifest.js';

const CONFIG = resolve(import.meta.dirname, '../../config');
const MIB = 2 ** 20;

/** The memory of a process, and its factors per byte in flight, from docs/operations.md. */
const PROCESS_BYTES = 160 * MIB;
const USUAL = 0.8;
const WORST = 4;

/** The supervisor's extra time, in milliseconds, before it kills a worker that does not end. */
const SUPERVISOR_MARGIN_MS = 5_000;

type Labels = Readonly<Record<string, string>> | undefined;

/** The documents of a rendering, by kind. */
export class Rendering {
  readonly deployment: IDeployment;
  readonly service: IService;
  readonly autoscaler: IHorizontalPodAutoscaler;
  readonly budget: IPodDisruptionBudget;
  readonly networkPolicy: INetworkPolicy;
  readonly monitor: IServiceMonitor | undefined;

  constructor(readonly manifests: readonly Manifest[]) {
    this.deployment = this.one('Deployment') as IDeployment;
    this.service = this.one('Service') as IService;
    this.autoscaler = this.one('HorizontalPodAutoscaler') as IHorizontalPodAutoscaler;
    this.budget = this.one('PodDisruptionBudget') as IPodDisruptionBudget;
    this.networkPolicy = this.one('NetworkPolicy') as INetworkPolicy;
    this.monitor = this.find('ServiceMonitor') as IServiceMonitor | undefined;
  }

  find(kind: string, name?: string): Manifest | undefined {
    return this.manifests.find(
      (manifest) => manifest.kind === kind && (name === undefined || manifest.metadata.name === name),
    );
  }

  private one(kind: string): unknown {
    const found = this.manifests.filter((manifest) => manifest.kind === kind);
    if (found.length !== 1) throw new Error(`${found.length} documents of the kind ${kind}`);
    return found[0];
  }

  get template() {
    return this.deployment.spec?.template;
  }

  get pod() {
    const pod = this.template?.spec;
    if (pod === undefined) throw new Error('the Deployment has no pod');
    return pod;
  }

  get container() {
    const [container] = this.pod.containers;
    if (container === undefined) throw new Error('the Deployment has no container');
    return container;
  }

  /** The container's variables, from ConfigMaps and its own `env`. */
  get variables(): Record<string, string> {
    const maps = (this.container.envFrom ?? []).map(
      ({ configMapRef }) => (this.find('ConfigMap', configMapRef?.name) as IConfigMap | undefined)?.data,
    );
    const own = (this.container.env ?? []).map(({ name, value }) => [name, value ?? '']);
    return Object.assign({}, ...maps, Object.fromEntries(own)) as Record<string, string>;
  }

  /** All variables of the service, including those of the image and of config/. */
  get environment(): Record<string, string> {
    const read = (name: string) => parseEnv(readFileSync(resolve(CONFIG, `${name}.env`), 'utf8'));
    const nodeEnv = this.variables.NODE_ENV ?? 'production';
    return { ...read('default'), ...read(nodeEnv), NODE_ENV: nodeEnv, HOST: '0.0.0.0', ...this.variables };
  }
}

/** The inconsistencies between a rendering's documents, one per line. */
export function crossFaults(manifests: readonly Manifest[]): string[] {
  const rendering = new Rendering(manifests);
  return [
    ...namespaces(rendering),
    ...selectors(rendering),
    ...portsAndPaths(rendering),
    ...variables(rendering),
    ...references(rendering),
    ...times(rendering),
    ...memory(rendering),
    ...scaling(rendering),
    ...restrictions(rendering),
  ];
}

/** The claims that do not hold. */
const unmet = (claims: Readonly<Record<string, boolean>>): string[] =>
  Object.entries(claims).flatMap(([claim, holds]) => (holds ? [] : [claim]));

function namespaces({ manifests }: Rendering): string[] {
  const namespace = manifests.find(({ kind }) => kind === 'Namespace')?.metadata.name;
  return manifests
    .filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== namespace)
    .map(({ kind, metadata }) => `${kind} ${metadata.name} is not in the namespace`);
}

/** Whether a selector is not empty and the labels match it. */
const selects = (selector: Labels, labels: Labels): boolean =>
  Object.keys(selector ?? {}).length > 0 &&
  Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);

function selectors(rendering: Rendering): string[] {
  const { deployment, service, budget, networkPolicy, monitor, pod, template } = rendering;
  const labels = template?.metadata?.labels;
  const spreads = pod.topologySpreadConstraints ?? [];
  return unmet({
    'the Deployment does not select its own pods': selects(deployment.spec?.selector.matchLabels, labels),
    'the Service does not select the pods': selects(service.spec?.selector, labels),
    'the PodDisruptionBudget does not select the pods': selects(budget.spec?.selector?.matchLabels, labels),
    'the NetworkPolicy does not select the pods': selects(networkPolicy.spec?.podSelector.matchLabels, labels),
    'the pods are not spread over nodes': spreads.some(({ topologyKey }) => topologyKey === 'kubernetes.io/hostname'),
    'a spread does not select the pods': spreads.every(({ labelSelector }) =>
      selects(labelSelector?.matchLabels, labels),
    ),
    'the ServiceMonitor does not select the Service':
      monitor === undefined || selects(monitor.spec.selector.matchLabels, service.metadata?.labels),
  });
}

function portsAndPaths(rendering: Rendering): string[] {
  const { container, service, networkPolicy, monitor, environment } = rendering;
  const isOfPod = (port: string | number | undefined) =>
    (container.ports ?? []).some(({ name, containerPort }) => name === port || containerPort === port);
  const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
  return unmet({
    'no container port is PORT': isOfPod(Number(environment.PORT)),
    'a port of the container has no name': (container.ports ?? []).every(({ name }) => name !== undefined),
    'liveness is not asked for at /health/live, so that a drain would look like death': [
      container.startupProbe,
      container.livenessProbe,
    ].every((probe) => probe?.httpGet?.path === '/health/live'),
    'readiness is not asked for at /health/ready': container.readinessProbe?.httpGet?.path === '/health/ready',
    'a port of the Service is none of the container': (service.spec?.ports ?? []).every(({ port, targetPort }) =>
      isOfPod(targetPort ?? port),
    ),
    'a probe is missing, or asks a port that is none of the container': probes.every((probe) =>
      isOfPod(probe?.httpGet?.port),
    ),
    'the NetworkPolicy does not let in to the port': (networkPolicy.spec?.ingress ?? []).every(
      ({ ports = [] }) => ports.length > 0 && ports.every(({ port }) => isOfPod(port)),
    ),
    'the ServiceMonitor asks a port that is none of the Service': (monitor?.spec.endpoints ?? []).every(({ port }) =>
      (service.spec?.ports ?? []).some(({ name }) => name === port),
    ),
  });
}

function variables({ variables, environment }: Rendering): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Environment, '', false, false);
  const known = new Set(rules.map(({ propertyName }) => propertyName));
  const names = Object.keys(variables);
  const faults = [
    ...names.filter((name) => !known.has(name)).map((name) => `${name} is no variable of the service`),
    ...names.filter((name) => SECRETS.has(name)).map((name) => `${name} belongs into a Secret`),
  ];
  try {
    readEnvironment(environment);
  } catch (error) {
    faults.push((error as Error).message);
  }
  return faults;
}

function references(rendering: Rendering): string[] {
  const { container, pod, variables } = rendering;
  const volumes = pod.volumes ?? [];
  const mounts = container.volumeMounts ?? [];
  const isInSecret = (path: string) =>
    mounts.some(({ name, mountPath }) => {
      const secret = volumes.find((volume) => volume.name === name)?.secret?.secretName;
      const data = (rendering.find('Secret', secret) as ISecret | undefined)?.data;
      return Object.keys(data ?? {}).some((key) => `${mountPath}/${key}` === path);
    });
  return unmet({
    'a ConfigMap is missing': (container.envFrom ?? []).every(
      ({ configMapRef }) => rendering.find('ConfigMap', configMapRef?.name) !== undefined,
    ),
    'a volume is missing': mounts.every(({ name }) => volumes.some((volume) => volume.name === name)),
    'a Secret is missing': volumes.every(
      ({ secret }) => secret === undefined || rendering.find('Secret', secret.secretName) !== undefined,
    ),
    'API_KEYS_FILE is no file of a Secret':
      variables.API_KEYS_FILE === undefined || isInSecret(variables.API_KEYS_FILE),
    'the image has no tag of its own': /:(?!latest$)[\w.-]+$/.test(container.image ?? ''),
  });
}

/** Kubernetes kills the pod after the grace period, which includes preStop. */
function times({ pod, container, environment }: Rendering): string[] {
  const [command, seconds] = container.lifecycle?.preStop?.exec?.command ?? [];
  const needed =
    1_000 * Number(seconds) +
    Number(environment.SHUTDOWN_DELAY_MS) +
    Number(environment.SHUTDOWN_GRACE_MS) +
    SUPERVISOR_MARGIN_MS;
  const lasts = (probe: typeof container.livenessProbe) =>
    (probe?.periodSeconds ?? 10) * (probe?.failureThreshold ?? 3);
  return unmet({
    'preStop does not sleep': command === 'sleep' && Number(seconds) > 0,
    'terminationGracePeriodSeconds is shorter than preStop and SHUTDOWN_*':
      1_000 * (pod.terminationGracePeriodSeconds ?? 30) >= needed,
    'a restart comes before the pod is out of the Service':
      lasts(container.livenessProbe) > lasts(container.readinessProbe),
    'a start may take less than half a minute': lasts(container.startupProbe) >= 30,
  });
}

function memory({ container, environment }: Rendering): string[] {
  const processes = Number(environment.WEB_CONCURRENCY);
  const inFlight = Number(environment.MAX_IN_FLIGHT_BYTES);
  const needed = (bytesAByte: number) => processes * (PROCESS_BYTES + bytesAByte * inFlight);
  const { requests, limits } = container.resources ?? {};
  return unmet({
    'MAX_BODY_BYTES would never fit MAX_IN_FLIGHT_BYTES': Number(environment.MAX_BODY_BYTES) <= inFlight,
    'the requested memory does not hold usual bodies': bytesOf(requests?.memory) >= needed(USUAL),
    'the limit of memory does not hold the worst bodies': bytesOf(limits?.memory) >= needed(WORST),
    'a limit of CPU would throttle the event loop': limits?.cpu === undefined,
  });
}

/** The bytes of a quantity such as 256Mi. */
function bytesOf(quantity: string | number | undefined): number {
  const [, count, unit = ''] = /^(\d+)(Ki|Mi|Gi)?$/.exec(String(quantity)) ?? [];
  return Number(count) * 2 ** (10 * ['', 'Ki', 'Mi', 'Gi'].indexOf(unit));
}

function scaling({ deployment, autoscaler, budget, container }: Rendering): string[] {
  const { scaleTargetRef, minReplicas = 1, maxReplicas = 0, metrics = [] } = autoscaler.spec ?? {};
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  return unmet({
    'the autoscaler has another target':
      scaleTargetRef?.kind === 'Deployment' &&
      scaleTargetRef.apiVersion === deployment.apiVersion &&
      scaleTargetRef.name === deployment.metadata?.name,
    'the autoscaler has no room': maxReplicas > minReplicas,
    'the Deployment and the autoscaler both set replicas': deployment.spec?.replicas === undefined,
    'the autoscaler has no CPU to measure by':
      metrics.some(({ resource }) => resource?.name === 'cpu') && container.resources?.requests?.cpu !== undefined,
    'the budget lets nobody go, so that no node can be drained':
      maxUnavailable !== undefined
        ? Number.parseInt(String(maxUnavailable)) > 0
        : Number(minAvailable ?? 0) < minReplicas,
  });
}

/** The restricted Pod Security Standard, plus a read-only root, no token and no outgoing network. */
function restrictions({ pod, container, networkPolicy }: Rendering): string[] {
  const { securityContext: ofPod } = pod;
  const { securityContext: own } = container;
  const mounts = container.volumeMounts ?? [];
  return unmet({
    'it may run as root': (own?.runAsNonRoot ?? ofPod?.runAsNonRoot) === true,
    'its user is no number above 0': (own?.runAsUser ?? ofPod?.runAsUser ?? 0) > 0,
    'its seccomp profile is not the default': (own?.seccompProfile ?? ofPod?.seccompProfile)?.type === 'RuntimeDefault',
    'it may escalate its privileges': own?.allowPrivilegeEscalation === false,
    'it is privileged': own?.privileged !== true,
    'it keeps capabilities':
      own?.capabilities?.drop?.includes('ALL') === true && (own.capabilities.add ?? []).length === 0,
    'its root can be written': own?.readOnlyRootFilesystem === true,
    'it has nowhere to write': mounts.some(({ mountPath }) => mountPath === '/tmp'),
    'it shares a namespace of the node': pod.hostNetwork !== true && pod.hostPID !== true && pod.hostIPC !== true,
    'it mounts what restricted does not allow': (pod.volumes ?? []).every(
      ({ emptyDir, secret, configMap }) => (emptyDir ?? secret ?? configMap) !== undefined,
    ),
    'it has a token of the cluster': pod.automountServiceAccountToken === false,
    'it may call out':
      networkPolicy.spec?.policyTypes?.includes('Egress') === true && (networkPolicy.spec.egress ?? []).length === 0,
    'it lets in everybody':
      networkPolicy.spec?.policyTypes?.includes('Ingress') === true &&
      (networkPolicy.spec.ingress ?? []).every(({ from = [] }) => from.length > 0),
  });
}
