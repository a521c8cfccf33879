import { resolve } from 'node:path';
import ts from 'typescript';
import { type Manifest } from './manifest.js';

const ROOT = resolve(import.meta.dirname, '../..');
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

/** The kubernetes-models module of a kind: its class has the schema, its interface all fields. */
const moduleOf = ({ apiVersion, kind }: Manifest): string => {
  const isOperators = apiVersion.startsWith('monitoring.coreos.com/');
  const name = isOperators ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `${name}/${apiVersion}/${kind}`;
};

/**
 * Checks documents against the Kubernetes schemas. The validators check values, formats and required fields, but allow unknown
 * fields. So the compiler checks each document as a literal of its interface, which finds unknown fields at any depth.
 * @returns one line per fault
 */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const faults = unknownFields(manifests);
  for (const manifest of manifests) {
    const { kind, metadata } = manifest;
    try {
      const module = (await import(moduleOf(manifest))) as Record<string, new (data: Manifest) => { validate(): void }>;
      const Kind = module[kind] as new (data: Manifest) => { validate(): void };
      new Kind(manifest).validate();
    } catch (error) {
      faults.push(`${kind} ${metadata.name}: ${(error as Error).message}`);
    }
  }
  return faults;
}

/** The document as a literal with unquoted keys. Only for those does the compiler suggest the correct field. */
const literalOf = (manifest: Manifest): string => JSON.stringify(manifest, null, 1).replace(/^( *)"(\w+)":/gm, '$1$2:');

const sourceFiles = new Map<string, ts.SourceFile | undefined>();
let previous: ts.Program | undefined;

function unknownFields(manifests: readonly Manifest[]): string[] {
  const sources = new Map(
    manifests.map((manifest, i) => [
      `${ROOT}/manifest-${i}.mts`,
      `import { type I${manifest.kind} } from '${moduleOf(manifest)}';\n` +
        `export const manifest: I${manifest.kind} = ${literalOf(manifest)};\n`,
    ]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.getSourceFile = (path, options) => {
    const source = sources.get(path);
    if (source !== undefined) return ts.createSourceFile(path, source, options);
    if (!sourceFiles.has(path)) sourceFiles.set(path, getSourceFile(path, options));
    return sourceFiles.get(path);
  };
  const program = ts.createProgram([...sources.keys()], OPTIONS, host, previous);
  previous = program;
  return [...sources.keys()].flatMap((path, i) => {
    const { kind, metadata } = manifests[i] as Manifest;
    return [...program.getSemanticDiagnostics(program.getSourceFile(path))].map(
      ({ messageText }) => `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}
