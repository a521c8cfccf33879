import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const KUBERNETES = resolve(import.meta.dirname, '../../deploy/kubernetes');

/** A document of a rendering. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/**
 * The documents that `kubectl apply -k` would send.
 * @throws Error with kubectl's message
 */
export function render(directory: string): Manifest[] {
  const text = execFileSync('kubectl', ['kustomize', directory], { encoding: 'utf8', stdio: 'pipe' });
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** The documents with another value at one path; undefined removes the value. */
export function withValue(manifests: readonly Manifest[], kind: string, path: string, value: unknown): Manifest[] {
  const changed = structuredClone([...manifests]);
  const keys = path.split('.');
  const last = keys.pop() as string;
  let place: unknown = changed.find((manifest) => manifest.kind === kind);
  for (const key of keys) place = (place as Record<string, unknown>)[key];
  if (place === undefined) throw new Error(`no ${kind} has ${path}`);
  if (value === undefined) delete (place as Record<string, unknown>)[last];
  else (place as Record<string, unknown>)[last] = value;
  return changed;
}
