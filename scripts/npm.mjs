import { spawnSync } from 'node:child_process';

/**
 * What an npm command prints.
 * @throws Error with what it says where it fails
 */
export function npm(args, { cwd } = {}) {
  // On Windows npm is a script that only a shell finds.
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ${args[0]}: ${error?.message ?? (stderr.trim() || stdout.trim())}`);
  return stdout;
}
