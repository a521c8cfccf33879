import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);

type Environment = Readonly<Record<string, string>>;

/** Runs a command in the project's folder. Resolves to its output, or rejects if it fails. */
export async function run(command: string, args: readonly string[], environment: Environment = {}) {
  const { stdout } = await execute(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}

/** Both must be installed: docker-compose 1.29 as a command, and v2 as a plug-in of docker. */
export const [V1, V2] = [['docker-compose'], ['docker', 'compose']] as const;
export type Compose = typeof V1 | typeof V2;

/** A service as compose resolves it from the files. */
export interface Service {
  readonly environment: Record<string, string>;
  readonly image: string;
  readonly profiles?: string[];
  readonly ports?: unknown[];
  readonly volumes?: unknown[];
  readonly [field: string]: unknown;
}

export const PROFILES = ['scaled', 'observed'];
export const profiles = (names: readonly string[]) => names.flatMap((name) => ['--profile', name]);
