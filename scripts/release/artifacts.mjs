// npm run release:artifacts: what a release is made of, in artifacts/release: the package, its SBOM, and their SHA-256.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { npm } from '../npm.mjs';
import setUp from '../setup.mjs';
import { createSbom } from './sbom.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const OUT = join(ROOT, 'artifacts/release');

setUp();
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
npm(['pack', '--silent', `--pack-destination=${OUT}`], { cwd: ROOT });
writeFileSync(join(OUT, `${name}-${version}.cdx.json`), `${JSON.stringify(createSbom(ROOT), null, 2)}\n`);

const files = readdirSync(OUT).sort();
const sha256 = (file) =>
  createHash('sha256')
    .update(readFileSync(join(OUT, file)))
    .digest('hex');
// As sha256sum -c reads it.
writeFileSync(join(OUT, 'SHA256SUMS'), files.map((file) => `${sha256(file)}  ${file}\n`).join(''));
process.stdout.write([...files, 'SHA256SUMS'].map((file) => `artifacts/release/${file}\n`).join(''));
