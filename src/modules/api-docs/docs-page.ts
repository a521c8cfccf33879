import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { contentSecurityPolicy } from '../../common/http/content-security-policy.js';

const PAGE = resolve(import.meta.dirname, 'page');
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The files of the page and no others: swagger-ui-dist has 11 MB more, of other bundles and source maps. */
const FILES: Readonly<Record<string, string>> = {
  'docs.html': PAGE,
  'docs.css': PAGE,
  'docs.js': PAGE,
  'swagger-ui.css': SWAGGER_UI,
  'swagger-ui-bundle.js': SWAGGER_UI,
  'favicon-32x32.png': SWAGGER_UI,
};

/** Swagger UI draws its icons from data: addresses, and sends what is tried out to the service itself. */
export const DOCS_CONTENT_SECURITY_POLICY = contentSecurityPolicy({ 'img-src': "'self' data:" });

/** @returns undefined where the page has no such file */
export async function docsFile(name: string): Promise<Buffer | undefined> {
  const directory = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  return directory === undefined ? undefined : readFile(resolve(directory, name));
}
