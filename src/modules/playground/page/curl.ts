/** A command for a POSIX shell that sends the same bytes. It reads the key from the environment. */
export function curlOf(url: string, isProtected: boolean, sent: { file: string } | { text: string }): string {
  const key = isProtected ? ` -H "X-API-Key: $KASEM_KEY"` : '';
  const body = 'text' in sent ? `--data-raw ${quoted(sent.text)}` : `--data-binary @${quoted(sent.file)}`;
  return `curl -s ${quoted(url)} -H 'Content-Type: application/json'${key} ${body}`;
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
