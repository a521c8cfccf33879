import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm } from '../npm.mjs';
import { runtimePackages } from './checks.mjs';

/**
 * The SBOM of what a release runs on, as CycloneDX by npm itself.
 *
 * npm leaves out everything that a development package needs as well, and so most of it. It is therefore shown a folder in which
 * the project has no development packages: the runtime packages of the lock file, of each its package.json.
 * @param root the project's folder, with its packages installed
 */
export function createSbom(root) {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const manifest = { ...read('package.json'), devDependencies: undefined };
  const lock = read('package-lock.json');
  const packages = { '': { ...lock.packages[''], devDependencies: undefined }, ...runtimePackages(lock) };
  const directory = mkdtempSync(join(tmpdir(), 'kasem-sbom-'));
  try {
    // npm calls the component as the folder is called.
    const project = join(directory, manifest.name);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
    for (const path of Object.keys(packages).filter((path) => path !== ''))
      cpSync(join(root, path, 'package.json'), join(project, path, 'package.json'));
    return JSON.parse(
      npm(['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--omit=dev'], { cwd: project }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
