import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectFiles, ROOT } from '../support/pages.js';

const METHODS = 'test/fixtures/methods/';
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** A fixture with its imports as in src/modules, where the reader of the page puts it. */
const asMethod = (path: string) =>
  read(path)
    .replaceAll(/((?:\.\.\/)+)(?:\.\.\/){2}src\//g, '$1')
    .replaceAll("'../fixtures/methods/", "'../../src/modules/")
    // The shorter path leaves room for the import on one line.
    .replaceAll(
      /^import \{\n([^}]+),\n\}/gm,
      (_, names: string) => `import { ${names.trim().replaceAll(/\s+/g, ' ')} }`,
    );

describe('docs/writing-a-method.md', () => {
  const blocks = [...read('docs/writing-a-method.md').matchAll(/(?:`(\S+\.ts)`:\n\n)?```ts\n(.*?)```/gs)].map(
    ([, path, code]) => ({ path, code: String(code) }),
  );
  const files = blocks.filter(({ path }) => path?.startsWith('src/modules/') || path?.startsWith('test/'));
  const tests = projectFiles(`${METHODS}**/*.ts`, 'test/e2e/methods.e2e-spec.ts');

  it('shows each file of its first method', () => {
    const shown = files.map(({ path }) => path?.replace('src/modules/', METHODS));
    const all = projectFiles(`${METHODS}rolling-mean/**.ts`, 'test/e2e/rolling-mean.e2e-spec.ts');
    expect(shown).toEqual(expect.arrayContaining(all));
  });

  it.each(files.map(({ path, code }) => [String(path), code]))(
    'shows %s as it is run here, except for its folder',
    (path, code) => {
      expect(code).toBe(asMethod(path.replace('src/modules/', METHODS)));
    },
  );

  it('shows parts only of files that are run here', () => {
    const flat = (text: string) => text.replaceAll(/^ +/gm, '');
    const sources = tests.map((path) => flat(asMethod(path)));
    const parts = blocks.filter(({ path }) => path === undefined).map(({ code }) => flat(code));
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.filter((code) => !sources.some((source) => source.includes(code)))).toEqual([]);
  });

  it('changes an existing line of src/app.module.ts', () => {
    const [block] = blocks.filter(({ path }) => path === 'src/app.module.ts');
    const [line] = /^export const METHODS.* = \[/m.exec(String(block?.code)) ?? [];
    expect(read('src/app.module.ts')).toContain(line);
  });
});
