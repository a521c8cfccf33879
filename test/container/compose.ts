import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);

type Environment = Readonly<Record<string, string>>;

/** Runs a command in the project's folder; its output, where it succeeds. */
export async function run(command: string, args: readonly string[], environment: Environment = {}) {
  const { stdout } = await execute(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}

/** The composes of this machine: docker-compose 1.29, which has to be there, and v2 where it is. */
export async function composes(): Promise<(readonly string[])[]> {
  const hasPlugin = await run('docker', ['compose', 'version']).then(
    () => true,
    () => false,
  );
  return hasPlugin ? [['docker-compose'], ['docker', 'compose']] : [['docker-compose']];
}

/** What a compose makes of the files, by name of the service. */
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
