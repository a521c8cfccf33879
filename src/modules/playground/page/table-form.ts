import { element, make } from './dom.js';
import { tableIn, type Table } from './table.js';

/** Offers to make a body of a text that is a table. */
export async function offerTable(
  blob: Blob,
  needed: readonly string[],
  take: (table: Table) => void,
): Promise<void> {
  const table = await tableIn(blob);
  element('table').hidden = table === undefined;
  if (table === undefined) return;
  const { names, separator } = table;
  const choices = ['date', ...needed].map((name, n): [string, HTMLSelectElement] => {
    const select = make(
      'select',
      names.map((option, c) => make('option', option, { value: String(c) })),
    );
    const same = names.findIndex((option) => option.toLowerCase() === name.toLowerCase());
    select.selectedIndex = same < 0 ? Math.min(n, names.length - 1) : same;
    return [name, select];
  });
  const labels = choices.map(([name, select]) => make('label', [new Text(name), select]));
  element('table-columns').replaceChildren(...labels);
  element('make').onclick = () =>
    take({ separator, columns: new Map(choices.map(([name, { value }]) => [name, Number(value)])) });
}
