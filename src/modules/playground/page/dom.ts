/** An element of index.html by its id. */
export function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as E;
}

/** A new element with its content and properties. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  content: string | readonly Node[],
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...(typeof content === 'string' ? [content] : content));
  return made;
}

export const mark = (content: string): HTMLElement => make('mark', content);

/** A row of a table whose first cell names it. */
export const tableRow = (name: string, cells: readonly HTMLElement[], className = ''): HTMLElement =>
  make('tr', [make('th', name, { scope: 'row' }), ...cells], { className });

export function tableHead(names: readonly string[]): HTMLElement {
  const cells = names.map((name) => make('th', name, { scope: 'col' }));
  return make('thead', [make('tr', cells)]);
}
