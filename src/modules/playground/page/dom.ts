/** An element of index.html by its id. */
export function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as E;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  content: string | readonly Node[],
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...(typeof content === 'string' ? [content] : content));
  return made;
}

/** Calls back with a file that was chosen. The same file can be chosen again after it has changed. */
export function onChosen(chooser: HTMLInputElement, take: (file: File) => void): void {
  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0];
    chooser.value = '';
    if (file !== undefined) take(file);
  });
}

export function save(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  make('a', '', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** The text of a file of the service. */
export async function loaded(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${url}`);
  return response.text();
}

export const button = (text: string, onclick: () => void, properties = {}): HTMLButtonElement =>
  make('button', text, { type: 'button', onclick, ...properties });

export type Content = string | readonly Node[];

/** A row of a table; its first cell is its header. */
export function tableRow(name: Content, cells: readonly (Content | HTMLElement)[], className = ''): HTMLElement {
  const made = cells.map((cell) => (cell instanceof HTMLElement ? cell : make('td', cell)));
  return make('tr', [make('th', name, { scope: 'row' }), ...made], { className });
}

export function fillTable(table: Element, names: readonly string[], rows: readonly Node[], caption?: string): void {
  const cells = names.map((name) => make('th', name, { scope: 'col' }));
  table.replaceChildren(make('thead', [make('tr', cells)]), make('tbody', rows));
  if (caption !== undefined) table.prepend(make('caption', caption));
}

const [status, bar] = [element('status'), element<HTMLProgressElement>('progress')];

/** Shows in the status line what the page has done. */
export function tell(done: string): void {
  status.textContent = done;
  bar.hidden = true;
}

/** Shows what the page does, and which part of it is done, from 0 to 1, if that is known. */
export function tellProgress(doing: string, part?: number): void {
  // A screen reader would read the same text again.
  if (status.textContent !== doing) status.textContent = doing;
  bar.hidden = false;
  if (part === undefined) bar.removeAttribute('value');
  else bar.value = part;
}

export function tellFailure(error: unknown): void {
  // Browsers do not read a file that has changed.
  const isChanged = String(error).includes('NotReadableError');
  const why = isChanged ? 'the file has changed since it was chosen: choose it again' : (error as Error).message;
  tell(`Failed: ${why}`);
}

/** Lets the browser do what waits, such as uPlot's drawing. */
export async function aTurn(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}
