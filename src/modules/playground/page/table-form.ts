import { DATE } from '../../../common/frame/frame.js';
import { element, make } from './dom.js';
import { tableIn, type Table } from './table.js';

/** Text from which it can be told whether it is a table. */
const BEGINNING = 1 << 16;

/** Offers to make a body of a text that is a table. */
export async function offerTable(
  blob: Blob,
  needed: readonly string[],
  take: (table: Table) => void,
): Promise<void> {
  const table = tableIn(await blob.slice(0, BEGINNING).text());
  element('table').hidden = table === undefined;
  if (table === undefined) return;
  const names = table.names.map((name) => name.toLowerCase());
  const choices = [DATE, ...needed].map((name, n) => {
    const select = make(
      'select',
      table.names.map((option) => make('option', option)),
    );
    const same = names.indexOf(name.toLowerCase());
    select.selectedIndex = same < 0 ? n : same;
    return { name, select };
  });
  const labels = choices.map(({ name, select }) => make('label', [new Text(name), select]));
  element('table-columns').replaceChildren(...labels);
  element('make').onclick = () =>
    take({ ...table, columns: choices.map(({ name, select }) => [name, select.selectedIndex] as const) });
}
