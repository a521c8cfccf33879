// SIGHUP would end the process until AuthModule handles it.
process.on('SIGHUP', () => undefined);

/** Enough to load the service and to have some connections. */
const MIN_OPEN_FILES = 256;

try {
  // Imported here because loading takes a while and may fail.
  const { start } = await import('./start.js');
  await start();
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}

/** Why the start failed, for a person: one line for each cause, without a stack. */
function reason(error: unknown): string {
  const { name, message } = error as Error;
  const files = openFilesLimit();
  if (name !== 'EnvironmentError' && files < MIN_OPEN_FILES)
    return `only ${files} files may be open: allow at least ${MIN_OPEN_FILES} (ulimit -n, LimitNOFILE)`;
  return message;
}

/** How many files this process may have open. If there are too few, errors have many different messages. */
function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files: { soft: number | 'unlimited' } };
  };
  const soft = userLimits?.open_files.soft ?? 'unlimited';
  return soft === 'unlimited' ? Infinity : Number(soft);
}
