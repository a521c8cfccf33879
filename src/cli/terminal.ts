/** Where a command writes: results to the standard output, progress to the standard error if that is a terminal. */
export interface Output {
  out(text: string): void;
  /** Replaces the line of progress; '' takes it away. */
  progress(text: string): void;
}

// Whoever reads may have read enough, as head does; whether all is right is not known then.
process.stdout.on('error', () => process.exit(2));

export const terminal: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  progress: (text) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
  },
};

/** Text that somebody else wrote, shortened, and without what a terminal would take for a command. */
export function shown(text: string, length: number): string {
  const part = text
    .slice(0, length)
    .replace(/[^\P{C}\n]/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length <= length ? part : `${part}… (${text.length} characters)`;
}

const WIDTH = 30;
/** Redrawing more often only flickers. */
const REDRAW_MS = 100;

/** @param total bytes, where they are known */
export function progressBar(output: Output, label: string, total: number | undefined) {
  let drawn = 0;
  return {
    update: (bytes: number): void => {
      if (performance.now() - drawn < REDRAW_MS) return;
      drawn = performance.now();
      const megabytes = `${(bytes / 1e6).toFixed(1)} MB`;
      const done = total === undefined ? 0 : Math.round((WIDTH * bytes) / Math.max(total, 1));
      const bar = total === undefined ? '' : `[${'#'.repeat(done)}${'-'.repeat(WIDTH - done)}] `;
      output.progress(`${label} ${bar}${megabytes}`);
    },
    end: (): void => output.progress(''),
  };
}
