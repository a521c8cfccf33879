/** What has to hold before a tag. Each function is given what it looks at, and returns the faults, none where all is well. */

// https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

/** https://keepachangelog.com/en/1.1.0/ */
const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

/** Licences, by SPDX, that ask for no more than to be named. */
const ALLOWED_LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
]);

/**
 * @param status what `git status --porcelain` prints
 * @param tags of the repository, and those of the commit that is checked out
 */
export function treeFaults(status, version, tags, tagsHere) {
  const files = status.split('\n').filter((line) => line !== '');
  return [
    ...files.map((line) => `not committed: ${line.slice(3)}`),
    ...(tags.includes(`v${version}`) && !tagsHere.includes(`v${version}`)
      ? [`the tag v${version} stands at another commit`]
      : []),
  ];
}

/** @param manifest package.json  @param lock package-lock.json */
export function versionFaults({ name, version }, lock) {
  const entries = [lock, lock.packages['']];
  return [
    ...(SEMVER.test(version) ? [] : [`package.json: ${version} is no semantic version`]),
    ...(entries.every((entry) => entry.name === name && entry.version === version)
      ? []
      : [`package-lock.json does not say ${name} ${version}, as package.json does`]),
  ];
}

/**
 * @param text CHANGELOG.md
 * @param today as 2026-01-31
 */
export function changelogFaults(text, { version, repository }, today) {
  const sections = text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title, ...lines] = section.split('\n');
      const [, name, date] = /^\[([^\]]+)\](?: - (\S+))?$/.exec(title.trim()) ?? [];
      const kinds = lines.filter((line) => line.startsWith('### ')).map((line) => line.slice(4).trim());
      return { title, name, date, kinds, entries: lines.filter((line) => line.startsWith('- ')).length };
    });
  const isUnreleased = ({ name }) => name === 'Unreleased';
  const released = sections.filter((section) => !isUnreleased(section));
  const faults = sections
    .filter(({ name }) => name === undefined)
    .map(({ title }) => `"## ${title}" is not of the form "## [1.2.3] - 2026-01-31"`);
  for (const { name, kinds } of sections)
    for (const kind of kinds)
      if (!KINDS.includes(kind)) faults.push(`[${name}]: ${kind} is none of ${KINDS.join(', ')}`);
  for (const { name, entries } of sections.filter(isUnreleased))
    if (entries > 0) faults.push(`[${name}] has ${entries} entries that belong to the release`);

  const section = released.find(({ name }) => name === version);
  if (section === undefined) return [...faults, `there is no section [${version}]`];
  if (released[0] !== section) faults.push(`[${version}] is not the newest section`);
  if (section.entries === 0) faults.push(`[${version}] has no entries`);
  if (!isDate(section.date)) faults.push(`[${version}] has no date of the form 2026-01-31`);
  else if (section.date > today) faults.push(`[${version}] is dated ${section.date}, after today`);
  // Without a known repository there is nothing that a link could lead to.
  if (repository !== undefined && !text.includes(`\n[${version}]: `))
    faults.push(`[${version}] has no link to what changed`);
  return faults;
}

const isDate = (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text ?? '') &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text);

/** The lock file names no host to fetch from, so that each place uses its own registry, and pins each package by its hash. */
export function lockFaults(lock) {
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .flatMap(([path, { resolved, integrity, link }]) => [
      ...(resolved === undefined || link ? [] : [`${path} is to come from ${hostOf(resolved)}`]),
      ...(integrity === undefined && !link ? [`${path} has no integrity`] : []),
    ]);
}

const hostOf = (address) => (URL.canParse(address) ? new URL(address).host : '') || address;

/** The entries of a lock file without those that only development, or an optional peer, needs. */
export function runtimePackages(lock) {
  return Object.fromEntries(
    Object.entries(lock.packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true,
    ),
  );
}

/**
 * Whether an SBOM is about this version and lists the runtime packages of the lock file, no more and no less, each with its
 * licence and hash, and knows what it says depends on what.
 * @param sbom CycloneDX 1.5 as JSON
 */
export function sbomFaults(sbom, { name, version }, lock) {
  if (sbom.bomFormat !== 'CycloneDX') return [`its format is ${sbom.bomFormat}, not CycloneDX`];
  const about = sbom.metadata?.component;
  const listed = new Map((sbom.components ?? []).map((component) => [component.purl, component]));
  const runtime = new Set(
    Object.entries(runtimePackages(lock)).map(([path, entry]) =>
      purl(entry.name ?? path.split('node_modules/').at(-1), entry.version),
    ),
  );
  const refs = new Set([about, ...listed.values()].map((component) => component?.['bom-ref']));
  const named = (sbom.dependencies ?? []).flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
  return [
    ...(about?.name === name && about.version === version
      ? []
      : [`it is about ${about?.name} ${about?.version}, not ${name} ${version}`]),
    ...[...runtime].filter((one) => !listed.has(one)).map((one) => `${one} is missing`),
    ...[...listed.keys()].filter((one) => !runtime.has(one)).map((one) => `${one} is no runtime package`),
    ...[...listed].flatMap(([one, { licenses, hashes }]) => [
      ...(licenses?.length > 0 ? [] : [`${one} has no licence`]),
      ...(hashes?.length > 0 ? [] : [`${one} has no hash`]),
    ]),
    ...[...new Set(named)].filter((ref) => !refs.has(ref)).map((ref) => `${ref} is no component`),
  ];
}

// https://github.com/package-url/purl-spec: the @ of a scope is encoded.
const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** @param sbom CycloneDX, whose components have their licence as an identifier or an expression of SPDX */
export function licenceFaults(sbom) {
  return sbom.components
    .map(({ purl, licenses = [] }) => ({
      purl,
      licence: licenses
        .map(({ license, expression }) => expression ?? license.id ?? license.name)
        .join(' AND '),
    }))
    .filter(({ licence }) => !isAllowed(licence))
    .map(({ purl, licence }) => `${purl}: ${licence || 'no licence'} is not on the list`);
}

/** Of alternatives one is enough. Expressions with brackets inside are left to a person. */
const isAllowed = (licence) => {
  const inner = licence.replace(/^\(([^()]*)\)$/, '$1');
  const isPlain = !/[()]/.test(inner);
  return (
    isPlain && inner.split(' OR ').some((one) => one.split(' AND ').every((id) => ALLOWED_LICENCES.has(id)))
  );
};

/**
 * @param report what `npm audit --json` prints
 * @returns undefined where the registry did not answer
 */
export function auditFaults(report) {
  if (report?.vulnerabilities === undefined) return undefined;
  return Object.values(report.vulnerabilities).map(
    ({ name, severity, range }) => `${name} ${range}: ${severity}`,
  );
}
