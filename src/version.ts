import { readFileSync } from 'node:fs';

/** The version in package.json, which is one folder above both the source and the compiled file. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
