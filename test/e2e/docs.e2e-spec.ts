import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { parse as parseYaml } from 'yaml';
import { RollingMeanModule } from '../fixtures/methods/rolling-mean/rolling-mean.module.js';
import { anchorsOf, projectFiles, readPages, ROOT, type Block } from '../support/pages.js';
import { startService, type Service } from '../support/service.js';
import { VERSION } from '../../src/version.js';

const pages = readPages();

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

/** The blocks that are not run here, by their first command, and the reason. */
const NOT_RUN: Record<string, string> = {
  'npm version 1.2.0': 'changes the version',
  'mkdir -p artifacts && npm pack --pack-destination artifacts':
    'builds anew; package.package-spec.ts packs in the same way',
  'npm pkg delete devDependencies': 'changes package.json for a while, and needs the registry',
  'npm start': 'runs until it is stopped; process.e2e-spec.ts starts the service',
  'HOST=0.0.0.0 API_KEYS=kasem:choose-a-key npm start': 'the same',
  'PLAYGROUND=on npm start': 'the same; playground.browser-spec.ts uses the page',
  'docker compose up --build':
    'needs a container engine; test/container/verify-image.sh builds, runs and calls the image',
  [`docker build --target production -t kasem-time-series:${VERSION} \\`]:
    'needs a container engine; test/container/verify-image.sh builds with these arguments',
  [`export VERSION=${VERSION} REVISION="$(git rev-parse HEAD)"`]:
    'needs a container engine; compose.container-spec.ts brings the services up',
  'docker compose -f docker-compose.yml -f deploy/compose/keys.yml up --detach': 'the same',
  'docker build --target development -t kasem-time-series:development .':
    'needs a container engine; test/container/verify-image.sh changes a source in it',
  'npm run bench': 'takes minutes, and needs the rivals',
  'npx openapi-typescript@7 http://127.0.0.1:5000/openapi.json -o kasem.ts':
    'installs a generator; openapi-client.e2e-spec.ts runs the one that is installed',
  'docker build --target production -t kasem-time-series:development .': 'needs a container engine and a cluster',
  'cd deploy/kubernetes/overlays/production': 'needs a cluster',
  'node test/fuzz/coverage.mjs --minutes 30': 'takes half an hour, and needs a newer glibc than Debian 12 has',
  'FUZZ_MILLISECONDS=900000 npm run test:e2e -- --testTimeout 3600000 fuzz':
    'takes an hour; fuzz.e2e-spec.ts runs the same for seconds',
  'NUMBERS=10000000 npm run test:e2e -- --testTimeout 3600000 numbers':
    'takes long; numbers.e2e-spec.ts runs the same for seconds',
  'apt-get install python3-pandas python3-flask python3-numpy python3-ujson gunicorn libsimdjson-dev g++ wrk curl':
    'installs',
  'HOST=127.0.0.1 PORT=8080 KASEM_1=127.0.0.1:5001 KASEM_2=127.0.0.1:5002 haproxy -c -f deploy/haproxy/haproxy.cfg':
    'needs haproxy; proxies.proxy-spec.ts runs it with that file',
  'nginx -t': 'needs nginx; proxies.proxy-spec.ts runs it with the file',
  'mkdir -p src/modules/rolling-mean/dto': 'changes the source; rolling-mean.e2e-spec.ts runs what the page makes',
  'npm run test:unit -- rolling-mean': 'runs tests that run anyway',
  'npm run test:e2e -- rolling-mean': 'the same',
};

const blocks = pages.flatMap(({ path, blocks }) => blocks.map((block) => ({ path, ...block })));
const commandOf = ({ code }: Block) => (code.split('\n')[0] as string).replace(/\s+#.*/, '');
const isListed = (block: Block) => commandOf(block) in NOT_RUN;
// examples.clients-spec.ts runs the blocks that run an example.
const commands = blocks.filter(({ lang, code }) => lang === 'sh' && !/\bexamples\/\w+\.\w+/.test(code));

let service: Service;
beforeAll(async () => {
  service = await startService({}, [RollingMeanModule]);
});
afterAll(() => service.close());

describe('a block of code', () => {
  it('is of a kind that is run or read here', () => {
    const kinds = new Set(blocks.map(({ lang }) => lang));
    expect([...kinds].filter((lang) => !['sh', 'json', 'yaml', 'ts', 'text', ''].includes(lang))).toEqual([]);
    expect(commands.length).toBeGreaterThan(15);
  });

  const run = commands.filter((block) => !isListed(block));
  it.each(run.map((block) => [commandOf(block), block.path, block] as const))(
    'does what the page says: %s (%s)',
    async (_command, _path, { code, next }) => {
      // By default kasem call uses 127.0.0.1:5000.
      const here = code
        .replaceAll(/^npx kasem call \S+(?!.*http:)/gm, '$& http://127.0.0.1:5000/method')
        .replaceAll(/127\.0\.0\.1:(5000|2000)/g, `127.0.0.1:${service.port}`);
      const out = await shell(here);
      if (next?.lang === 'json') expect(JSON.parse(out)).toEqual(JSON.parse(next.code));
      if (next?.lang === 'text') expect(out.trimEnd()).toMatch(patternOf(next.code));
    },
    180_000,
  );

  it('that is listed as not run is in a page', () => {
    const listed = new Set(commands.filter(isListed).map(commandOf));
    expect(Object.keys(NOT_RUN).filter((command) => !listed.has(command))).toEqual([]);
  });

  // writing-a-method.e2e-spec.ts compares the blocks of that page with files that are run.
  const data = blocks.filter(({ lang, path }) =>
    lang === 'ts' ? path !== 'docs/writing-a-method.md' : ['json', 'yaml'].includes(lang),
  );
  it.each(data.map((block) => [block.path, block.lang, block] as const))(
    'of %s can be read as %s',
    (_, lang, { code }) => {
      if (lang === 'json') JSON.parse(code);
      if (lang === 'yaml') parseYaml(code);
      if (lang === 'ts') expect(ts.transpileModule(code, { reportDiagnostics: true }).diagnostics).toEqual([]);
    },
  );
});

describe('a page', () => {
  it('has no broken links', () => {
    const broken = pages.flatMap((page) =>
      page.parts
        .map(({ url }) => url)
        .filter((url): url is string => url !== undefined && !/^[a-z]+:/.test(url))
        .filter((url) => !leadsSomewhere(page.path, url))
        .map((url) => `${page.path}: ${url}`),
    );
    expect(broken).toEqual([]);
  });

  it('under docs/ is linked from their index', () => {
    const index = pages.find(({ path }) => path === 'docs/README.md');
    const linked = index?.parts.map(({ url }) => url);
    const all = projectFiles('docs/*.md').map((path) => path.slice('docs/'.length));
    expect(all.filter((path) => path !== 'README.md' && linked?.includes(path) !== true)).toEqual([]);
  });

  // The changelog describes older versions.
  const code = pages
    .filter(({ path }) => path !== 'CHANGELOG.md')
    .flatMap(({ path, parts }) =>
      parts
        .filter(({ type }) => type === 'code' || type === 'inlineCode')
        .map(({ value }) => ({ path, code: String(value) })),
    );
  const named = (pattern: RegExp) =>
    code.flatMap(({ path, code }) => [...code.matchAll(pattern)].map(([, name]) => ({ path, name: String(name) })));

  it('has the version of the package in each of its examples', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const versions = named(/(?:kasem-time-series[: ]|\bVERSION=)(\d+\.\d+\.\d+)/g).filter(
      ({ path }) => path !== 'docs/releasing.md',
    );
    expect(versions.map(({ name }) => name)).toEqual(versions.map(() => VERSION));
    const paths = [...new Set(versions.map(({ path }) => path))];
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.filter((path) => !scripts.version?.includes(path))).toEqual([]);
  });

  it('tells operators to write keys only into files that git ignores', () => {
    const names = ['production/keys', 'monitored/scrape-key'];
    expect(code.map(({ code }) => code)).toEqual(expect.arrayContaining(names));
    const paths = names.map((name) => `deploy/kubernetes/overlays/${name}`);
    const ignored = execFileSync('git', ['check-ignore', '--no-index', ...paths], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(ignored.trim().split('\n')).toEqual(paths);
  });

  it('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const names = named(
      /\bnpm (?:run (?:-\S+ )?)?((?!(?:audit|ci|install|pack|pkg|publish|run|sbom|version)\b)[a-z][\w:]*)/g,
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter(({ name }) => !(name in scripts))).toEqual([]);
  });

  it('names only variables and errors that the sources know', () => {
    const sources = projectFiles(':!*.md', ':!package-lock.json', ':!test/e2e/docs.e2e-spec.ts')
      .filter((path) => existsSync(join(ROOT, path)))
      .map((path) => readFileSync(join(ROOT, path), 'latin1'))
      .join('\n');
    const known = new Set(sources.match(/\b[A-Z][A-Z0-9_]+\b/g));
    const names = named(/\b([A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z][A-Z0-9_]+(?==))/g);
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter(({ name }) => !known.has(name))).toEqual([]);
  });

  it('names only paths that the service has', async () => {
    const names = named(/(?:^|127\.0\.0\.1:\d+)(\/[a-z][\w./-]*)(?=$|[\s'"`])/gm);
    const paths = new Map(names.map(({ path, name }) => [name, path]));
    expect(paths.size).toBeGreaterThan(5);
    const missing: string[] = [];
    for (const [path, page] of paths)
      if ((await fetch(`${service.url}${path}`)).status === 404) missing.push(`${page}: ${path}`);
    expect(missing).toEqual([]);
  });
});

/** Runs a block in the project's folder. Resolves to its output, or rejects if a command fails. */
function shell(script: string): Promise<string> {
  return new Promise((settle, reject) =>
    execFile('sh', ['-ec', script], { cwd: ROOT }, (error, out, err) =>
      error === null ? settle(out) : reject(new Error(`${script}\nended with ${error.code}\n${out}${err}`)),
    ),
  );
}

/** A pattern for an output as a page shows it, in which … matches anything. */
function patternOf(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`);
}

/** Whether a link leads to an existing file or folder, and its anchor to a heading. */
function leadsSomewhere(from: string, url: string): boolean {
  const [path, anchor] = url.split('#') as [string, string?];
  const target = path === '' ? from : join(dirname(from), decodeURI(path));
  if (target.startsWith('..') || !existsSync(join(ROOT, target))) return false;
  if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) return anchor === undefined;
  const page = pages.find((one) => one.path === target);
  return page === undefined || anchorsOf(page).includes(anchor);
}
