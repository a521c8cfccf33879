import { element, make, tableHead, tableRow } from './dom.js';
import { utc } from './format.js';
import { type Column } from './read.js';

/**
 * Shows the first rows of these columns.
 * @param isAccepted whether an empty cell is a missing sample for sure; what is not accepted yet may be anything
 */
export function showRows(columns: readonly Column[], isAccepted: boolean): void {
  const cell = ({ name, head }: Column, row: number): HTMLElement => {
    const value = head[row] ?? NaN;
    if (Number.isNaN(value)) return make('td', isAccepted ? 'missing' : '–', { className: 'hint' });
    return make('td', name === 'date' ? utc(value) : String(value));
  };
  const length = Math.max(0, ...columns.map(({ head }) => head.length));
  const rows = Array.from({ length }, (_, row) => {
    const cells = columns.map((column) => cell(column, row));
    return tableRow(String(row), cells);
  });
  const names = columns.map(({ name }) => name);
  element('rows').hidden = length === 0;
  element('first-rows').replaceChildren(tableHead(['row', ...names]), make('tbody', rows));
}
