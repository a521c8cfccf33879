// Until the keys can be read again there is nothing to do, and the signal would end the process.
process.on('SIGHUP', () => undefined);

/** Enough to load the service, and for some connections. */
const MIN_OPEN_FILES = 256;

try {
  // Loaded only now: the rest takes a while, and may fail.
  const { start } = await import('./start.js');
  await start();
} catch (error) {
  process.stderr.write(`${reason(error)}\n`);
  process.exit(1);
}

/** What a person needs to know of a start that failed, one line a cause, without a stack. */
function reason(error: unknown): string {
  const { code, message, address, hostname, port } = error as NodeJS.ErrnoException &
    Record<'address' | 'hostname' | 'port', string>;
  if (code === 'EADDRINUSE')
    return `PORT: ${port} at ${address} is taken by another process; set PORT to a free one`;
  if (code === 'EACCES') return `PORT: ${port} may not be opened by this user; set PORT to one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `HOST: ${hostname ?? address} is no address of this machine`;
  const files = openFilesLimit();
  if (files < MIN_OPEN_FILES)
    return `only ${files} files may be open: allow at least ${MIN_OPEN_FILES} (ulimit -n, LimitNOFILE)`;
  return message;
}

/** How many files this process may have open; what fails for want of them has any of many messages. */
function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files: { soft: number | 'unlimited' } };
  };
  const soft = userLimits?.open_files.soft ?? 'unlimited';
  return soft === 'unlimited' ? Infinity : Number(soft);
}
