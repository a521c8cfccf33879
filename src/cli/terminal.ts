// A reader such as head may close the pipe early. Then nobody knows whether all is right.
process.stdout.on('error', () => process.exit(2));

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Replaces the line of progress, if the standard error is a terminal; '' removes it. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
}

/** Shortens text that somebody else wrote, and escapes control characters. */
export function shown(text: string, length: number): string {
  const part = text
    .slice(0, length)
    .replace(/[^\P{C}\n]/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length <= length ? part : `${part}… (${text.length} characters)`;
}
