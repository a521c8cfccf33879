import { readFileSync } from 'node:fs';

/** The version of the package, as in package.json, which lies above the source and the compiled file alike. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
