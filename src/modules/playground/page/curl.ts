import { type ScaleSlot } from './series-reader.js';

/** What is sent, as a person could send it: a file of that name, or text that is short enough to stand in a command. */
export interface CurlCall {
  readonly url: string;
  readonly isProtected: boolean;
  readonly file: string;
  /** The text itself, where there is no file. */
  readonly text?: string;
  /** The scale that takes the place of the file's. */
  readonly scale?: { readonly slot: ScaleSlot; readonly text: string };
}

/** A command for a POSIX shell that sends the same bytes. A key stands in its environment, not in the command. */
export function curlOf({ url, isProtected, file, text, scale }: CurlCall): string {
  const key = isProtected ? ` -H "X-API-Key: $KASEM_KEY"` : '';
  const curl = `curl -s ${quoted(url)} -H 'Content-Type: application/json'${key} --data-binary`;
  if (text !== undefined) return `${curl} @- <<'${END}'\n${text}\n${END}`;
  const path = quoted(file.startsWith('-') ? `./${file}` : file);
  if (scale === undefined) return `${curl} @${path}`;
  const { start, end, before, after } = scale.slot;
  const middle = quoted(before + scale.text + after);
  return `{ head -c ${start} ${path}; printf %s ${middle}; tail -c +${end + 1} ${path}; } |\n  ${curl} @-`;
}

const END = 'END_OF_BODY';

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
