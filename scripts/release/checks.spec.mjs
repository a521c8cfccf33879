import { describe, expect, it } from '@jest/globals';
import {
  auditFaults,
  changelogFaults,
  licenceFaults,
  lockFaults,
  runtimePackages,
  sbomFaults,
  treeFaults,
  versionFaults,
} from './checks.mjs';

const manifest = { name: 'kasem-time-series', version: '1.2.0' };

describe('the tree', () => {
  it('is right when all is committed, before the tag and on it', () => {
    expect(treeFaults('', '1.2.0', ['v1.1.0'], [])).toEqual([]);
    expect(treeFaults('', '1.2.0', ['v1.2.0'], ['v1.2.0'])).toEqual([]);
  });

  it('is not with files that are changed or new', () => {
    expect(treeFaults(' M src/main.ts\n?? notes.txt\n', '1.2.0', [], [])).toEqual([
      'not committed: src/main.ts',
      'not committed: notes.txt',
    ]);
  });

  it('is not where the version is released already', () => {
    expect(treeFaults('', '1.2.0', ['v1.2.0'], ['v1.1.0'])).toEqual([
      'the tag v1.2.0 stands at another commit',
    ]);
  });
});

describe('the version', () => {
  const lockOf = (version, name = manifest.name) => ({ name, version, packages: { '': { name, version } } });

  it.each(['1.2.0', '0.1.0', '2.0.0-rc.1', '1.0.0+build.5'])('may be %s', (version) => {
    expect(versionFaults({ ...manifest, version }, lockOf(version))).toEqual([]);
  });

  it.each(['1.2', 'v1.2.0', '01.2.0', '1.2.0-01', '1.2.0 '])('may not be "%s"', (version) => {
    expect(versionFaults({ ...manifest, version }, lockOf(version))).toHaveLength(1);
  });

  it('has to be that of the lock file', () => {
    const fault = 'package-lock.json does not say kasem-time-series 1.2.0, as package.json does';
    expect(versionFaults(manifest, lockOf('1.1.0'))).toEqual([fault]);
    expect(versionFaults(manifest, lockOf('1.2.0', 'rel'))).toEqual([fault]);
  });
});

describe('the changelog', () => {
  const right = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-01-31

### Added

- a thing

## [1.1.0] - 2025-12-24

### Fixed

- another
`;
  const faults = (text, more = {}) => changelogFaults(text, { ...manifest, ...more }, '2026-02-01');

  it('is right with a dated section for the version', () => {
    expect(faults(right)).toEqual([]);
    expect(faults(right.replace('## [Unreleased]\n\n', ''))).toEqual([]);
  });

  it.each([
    ['has no section for the version', ['[1.2.0]', '[1.3.0]'], 'there is no section [1.2.0]'],
    ['has no date', [' - 2026-01-31', ''], '[1.2.0] has no date of the form 2026-01-31'],
    ['has a date of another form', ['2026-01-31', '31.1.2026'], '[1.2.0] has no date of the form 2026-01-31'],
    [
      'has a day that there is not',
      ['2026-01-31', '2026-02-31'],
      '[1.2.0] has no date of the form 2026-01-31',
    ],
    ['is dated tomorrow', ['2026-01-31', '2026-02-02'], '[1.2.0] is dated 2026-02-02, after today'],
    ['says nothing of the version', ['- a thing', ''], '[1.2.0] has no entries'],
    [
      'has a newer section',
      ['[1.1.0]', '[1.2.0]'],
      '[1.2.0] is not the newest section',
      '[1.2.0] - 2026',
      '[1.3.0] - 2026',
    ],
    [
      'left entries out',
      ['[Unreleased]\n', '[Unreleased]\n\n- new\n'],
      '[Unreleased] has 1 entries that belong to the release',
    ],
    [
      'has a kind of its own',
      ['### Added', '### New'],
      '[1.2.0]: New is none of Added, Changed, Deprecated, Removed, Fixed, Security',
    ],
    [
      'has a title of another form',
      ['## [1.1.0] - 2025-12-24', '## 1.1.0'],
      '"## 1.1.0" is not of the form "## [1.2.3] - 2026-01-31"',
    ],
  ])('is not where it %s', (_, [from, to], fault, ...more) => {
    const broken = (more.length > 0 ? right.replace(...more) : right).replace(from, to);
    expect(broken).not.toBe(right);
    expect(faults(broken)).toEqual([fault]);
  });

  it('needs a link to what changed once the repository is known', () => {
    const repository = { url: 'https://example.com/kasem' };
    expect(faults(right, { repository })).toEqual(['[1.2.0] has no link to what changed']);
    expect(faults(`${right}\n[1.2.0]: https://example.com/kasem/compare\n`, { repository })).toEqual([]);
  });
});

const lock = {
  packages: {
    '': { name: manifest.name, version: manifest.version },
    'node_modules/@nestjs/core': { version: '12.0.0', integrity: 'sha512-a' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' },
    'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-c' },
    'node_modules/jest': { version: '30.0.0', integrity: 'sha512-d', dev: true },
    'node_modules/typescript': { version: '6.0.0', integrity: 'sha512-e', devOptional: true },
  },
};

describe('the lock file', () => {
  const withEntry = (entry) => lockFaults({ packages: { ...lock.packages, 'node_modules/c': entry } });

  it('is right without addresses', () => {
    expect(lockFaults(lock)).toEqual([]);
  });

  it.each([
    ['https://registry.example.com/c/-/c-1.0.0.tgz', 'registry.example.com'],
    ['git+ssh://git@example.com/c.git#1234', 'example.com'],
    ['file:../c', 'file:../c'],
  ])('is not with a package from %s', (resolved, host) => {
    expect(withEntry({ resolved, integrity: 'sha512-x' })).toEqual([
      `node_modules/c is to come from ${host}`,
    ]);
  });

  it('is not with a package that no hash pins', () => {
    expect(withEntry({ version: '1.0.0' })).toEqual(['node_modules/c has no integrity']);
  });

  it('knows the packages that run', () => {
    expect(Object.keys(runtimePackages(lock))).toEqual([
      'node_modules/@nestjs/core',
      'node_modules/a',
      'node_modules/a/node_modules/b',
    ]);
  });
});

const component = (name, version, licence = 'MIT') => ({
  'bom-ref': `${name}@${version}`,
  name,
  version,
  purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
  hashes: [{ alg: 'SHA-512', content: '00' }],
  licenses: [{ license: { id: licence } }],
});
const sbom = {
  bomFormat: 'CycloneDX',
  metadata: { component: component(manifest.name, manifest.version) },
  components: [component('@nestjs/core', '12.0.0'), component('a', '1.0.0'), component('b', '2.0.0')],
  dependencies: [
    { ref: 'kasem-time-series@1.2.0', dependsOn: ['@nestjs/core@12.0.0', 'a@1.0.0'] },
    { ref: 'a@1.0.0', dependsOn: ['b@2.0.0'] },
  ],
};

describe('the SBOM', () => {
  const [core, a, b] = sbom.components;

  it('is right with the runtime packages of the lock file', () => {
    expect(sbomFaults(sbom, manifest, lock)).toEqual([]);
  });

  it.each([
    ['is of another format', { bomFormat: 'SPDX' }, 'its format is SPDX, not CycloneDX'],
    [
      'is of another version',
      { metadata: { component: { ...sbom.metadata.component, version: '1.1.0' } } },
      'it is about kasem-time-series 1.1.0, not kasem-time-series 1.2.0',
    ],
    ['lacks a package', { components: [a, b], dependencies: [] }, 'pkg:npm/%40nestjs/core@12.0.0 is missing'],
    [
      'lists one that only development needs',
      { components: [core, a, b, component('jest', '30.0.0')] },
      'pkg:npm/jest@30.0.0 is no runtime package',
    ],
    [
      'does not say a licence',
      { components: [core, a, { ...b, licenses: [] }] },
      'pkg:npm/b@2.0.0 has no licence',
    ],
    [
      'does not say a hash',
      { components: [core, a, { ...b, hashes: undefined }] },
      'pkg:npm/b@2.0.0 has no hash',
    ],
    ['depends on what it does not list', { dependencies: [{ ref: 'c@1.0.0' }] }, 'c@1.0.0 is no component'],
  ])('is not where it %s', (_, broken, fault) => {
    expect(sbomFaults({ ...sbom, ...broken }, manifest, lock)).toEqual([fault]);
  });
});

describe('the licences', () => {
  const faults = (...licenses) => licenceFaults({ components: [{ ...component('a', '1.0.0'), licenses }] });

  it.each(['MIT', '(MIT OR GPL-3.0-only)', 'MIT AND ISC'])('may be %s', (expression) => {
    expect(faults({ expression })).toEqual([]);
  });

  it.each([
    'GPL-3.0-only',
    'MIT AND GPL-3.0-only',
    'GPL-2.0-only OR AGPL-3.0-only',
    'SSPL-1.0 AND (GPL-3.0-only OR MIT OR ISC)',
    '(MIT OR ISC) AND (SSPL-1.0)',
  ])('may not be %s', (expression) => {
    expect(faults({ expression })).toEqual([`pkg:npm/a@1.0.0: ${expression} is not on the list`]);
  });

  it('have to be known', () => {
    expect(faults()).toEqual(['pkg:npm/a@1.0.0: no licence is not on the list']);
    expect(faults({ license: { id: 'SSPL-1.0' } })).toHaveLength(1);
  });
});

describe('the audit', () => {
  it('is right without vulnerabilities', () => {
    expect(auditFaults({ vulnerabilities: {} })).toEqual([]);
  });

  it('names what is vulnerable', () => {
    const vulnerabilities = { a: { name: 'a', severity: 'high', range: '<1.0.1' } };
    expect(auditFaults({ vulnerabilities })).toEqual(['a <1.0.1: high']);
  });

  it('is unknown where the registry did not answer', () => {
    expect(auditFaults({ error: { code: 'ENOAUDIT' } })).toBeUndefined();
    expect(auditFaults(undefined)).toBeUndefined();
  });
});
