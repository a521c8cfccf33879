import { curlOf } from './curl.js';
import { element, loaded, save, tell, tellFailure } from './dom.js';

/** The programs in examples/ by language. */
const PROGRAMS: Record<string, string> = { Python: 'send.py', 'C#': 'send.cs', TypeScript: 'send.ts' };
/** The length of the longest body that a curl command contains; it reads a longer one from a file. */
const LONGEST_COMMAND = 32_768;
const language = element<HTMLSelectElement>('language');
const [command, copyButton, fileButton] = [element('curl'), element('copy'), element('body-file')];

interface Call {
  readonly url: string;
  readonly isProtected: boolean;
  readonly body: Blob;
  readonly name: string;
  /** Whether a file of that name holds the body. Otherwise the page offers one. */
  readonly isFile: boolean;
}

let shown: Call | undefined;

/** Shows a call, or the last one, as a program in the chosen language. */
export async function showCall(call = shown): Promise<void> {
  if (call === undefined) return;
  if (call !== shown) command.textContent = '';
  shown = call;
  const { url, isProtected, body, name, isFile } = call;
  const [chosen, program] = [language.value, PROGRAMS[language.value]];
  const file = isFile ? name : `${name.replace(/^The |\.\w+$/g, '')}.sent.json`;
  const isShort = !isFile && program === undefined && body.size <= LONGEST_COMMAND;
  const text =
    program === undefined
      ? curlOf(url, isProtected, isShort ? { text: await body.text() } : { file })
      : (await loaded(`assets/examples/${program}`))
          .replace(/(['"])http:.*?\1/, () => JSON.stringify(url))
          .replace(/(['"])body\.json\1/, () => JSON.stringify(file));
  if (language.value !== chosen) return;
  element('own-file').hidden = isFile || isShort;
  fileButton.textContent = file;
  fileButton.onclick = () => save(body, file);
  copyButton.textContent = `Copy as ${chosen}`;
  command.textContent = text;
}

language.addEventListener('change', () => void showCall().catch(tellFailure));
copyButton.addEventListener('click', () => {
  const put = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.clipboardData?.setData('text/plain', command.textContent ?? '');
  };
  document.addEventListener('copy', put);
  // navigator.clipboard needs TLS.
  const isDone = document.execCommand('copy');
  document.removeEventListener('copy', put);
  tell(`The command is ${isDone ? 'in the clipboard' : 'below: the browser gives no clipboard here'}.`);
});
