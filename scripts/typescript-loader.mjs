/** Hooks of node:module that load TypeScript sources, as Jest does. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

export async function resolve(specifier, context, next) {
  if (/^(\.|file:).*\.js$/.test(specifier)) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return next(source.href, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = await transformFile(fileURLToPath(url), {
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      // Nest needs both.
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
