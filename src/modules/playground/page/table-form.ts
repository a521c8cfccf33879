import { DATE } from '../../../common/frame/frame.js';
import { element, make } from './dom.js';
import { type Method } from './methods.js';
import { tableIn, type Table } from './table.js';

/** Offers to make a body of a table, if the text begins as one. */
export function offerTable(beginning: string, { needs, sample }: Method, take: (table: Table) => void): void {
  const table = tableIn(beginning);
  element('table').hidden = table === undefined;
  if (table === undefined) return;
  const lowerCase = table.names.map((name) => name.toLowerCase());
  const selects = [DATE, ...needs.series].map((name, n) => {
    const none = needs.optional.includes(name) ? [make('option', 'none', { value: '' })] : [];
    const options = table.names.map((option, index) => make('option', option, { value: String(index) }));
    const select = make('select', [...none, ...options], { name });
    const same = lowerCase.indexOf(name.toLowerCase());
    select.value = same < 0 && none.length > 0 ? '' : String(same < 0 ? n : same);
    return select;
  });
  element('table-columns').replaceChildren(...selects.map((one) => make('label', [new Text(one.name), one])));
  element('make').onclick = () => {
    const chosen = selects.filter(({ value }) => value !== '');
    const columns = chosen.map(({ name, value }) => [name, Number(value)] as const);
    take({ ...table, param: sample?.param ?? {}, columns });
  };
}
