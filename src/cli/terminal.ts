import { escaped } from '../common/frame/frame-rules.js';

// A reader such as head may close the pipe early. Then nobody knows whether all is right.
process.stdout.on('error', () => process.exit(2));

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Replaces the line of progress, if the standard error is a terminal; '' removes it. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
}

/** Shortens and escapes a text that somebody else wrote. */
export function shown(text: string, length: number): string {
  const part = escaped(text.slice(0, length));
  return text.length <= length ? part : `${part}… (${text.length} characters)`;
}
