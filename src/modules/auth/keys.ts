import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EnvironmentError, KEYS, type Environment } from '../../common/config/environment.js';

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

/** The clients' keys, each with a name for the log. Only their SHA-256 is kept. */
export class Keys {
  private digests: readonly (readonly [name: string, digest: Buffer])[];

  /** @throws EnvironmentError */
  constructor(private readonly environment: Pick<Environment, 'API_KEYS' | 'API_KEYS_FILE'>) {
    this.digests = this.read();
  }

  get isEmpty(): boolean {
    return this.digests.length === 0;
  }

  /**
   * Reads API_KEYS_FILE again. Keeps the old keys if that fails.
   * @throws EnvironmentError
   */
  reload(): void {
    this.digests = this.read();
  }

  /** The name of a key. The search always takes the same time, so that it gives no hint at a key. */
  nameOf(key: string): string | undefined {
    const given = digest(key);
    let found: string | undefined;
    for (const [name, known] of this.digests) if (timingSafeEqual(given, known)) found ??= name;
    return found;
  }

  private read(): [string, Buffer][] {
    const { API_KEYS, API_KEYS_FILE } = this.environment;
    const entries = [...entriesOf(API_KEYS), ...(API_KEYS_FILE === '' ? [] : entriesOf(readKeysFile(API_KEYS_FILE)))];
    if (API_KEYS_FILE !== '' && entries.length === 0)
      throw new EnvironmentError(`API_KEYS_FILE: expected lines of name:key in ${API_KEYS_FILE}, got none`);
    return entries.map((entry) => {
      const colon = entry.indexOf(':');
      return [entry.slice(0, colon), digest(entry.slice(colon + 1))];
    });
  }
}

/** Entries are separated by commas or line ends; a line that begins with # is a comment. */
const entriesOf = (text: string): string[] =>
  text
    .replace(/^\s*#.*$/gm, '')
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** @throws EnvironmentError that quotes nothing of the file */
function readKeysFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new EnvironmentError(`API_KEYS_FILE: ${path} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const wrong = entriesOf(text).findIndex((entry) => !KEYS.test(entry));
  if (wrong >= 0)
    throw new EnvironmentError(`API_KEYS_FILE: expected name:key in ${path}, got another text as entry ${wrong + 1}`);
  return text;
}
