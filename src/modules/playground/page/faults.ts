import { cellsOf, type Fault, type Faults } from '../../../common/frame/fault-finder.js';
import { escaped, excerpt, MAX_ROW_BYTES } from '../../../common/frame/frame-rules.js';
import { DATE } from '../../../common/frame/frame.js';
import { FOUND_BY_SERVICE } from './all-faults.js';
import { button, element, fillTable, make, save, tableRow, tellFailure } from './dom.js';
import { count, inZone, plural, quoted } from './format.js';
import { plots } from './plot.js';
import { type Reading } from './read.js';
import { pointOf } from './timeline.js';

interface Refused {
  readonly blob: Blob;
  readonly reading: Reading;
}

/** How many rows, cells and bytes are shown on each side of a fault. The date of a row is always shown. */
const [ROWS_BESIDE, CELLS_BESIDE, BYTES_BESIDE] = [2, 5, 100];
/** Longer texts are cut. */
const [LONGEST_CELL, LONGEST_ROW] = [24, 288];
let turn = 0;
const [place, zoom] = [element('place'), element('zoom')];

export function clearFaults(): void {
  element('refused').hidden = true;
  plots.mark(undefined);
}

/**
 * Shows the faults of a body: their number by kind, and each with its place.
 * @param log of the fault to show first
 * @param sent the body with the params that were sent
 */
export async function showFaults(
  refused: Refused,
  { total, groups, listed }: Faults,
  log?: string,
  sent = refused.blob,
): Promise<void> {
  if (total === 0) return clearFaults();
  const told = listed.findIndex((fault) => fault.log === log);
  let at = 0;
  const show = async (index: number): Promise<void> => {
    at = (index + listed.length) % listed.length;
    const { log: shown = '' } = listed[at] ?? {};
    element('fault-at').textContent = `${count(at + 1)} of ${count(listed.length)}`;
    element('fault-log').textContent = shown;
    const [, row, column = -1] = /(?<!response's )scalar\.data\[(\d+)\](?:\[(\d+)\])?/.exec(shown) ?? [];
    const byte = /at byte (\d+)|(?:early,|end) after (\d+)/.exec(shown)?.slice(1).find(Boolean);
    const { timeline } = refused.reading;
    const point = row === undefined ? -1 : pointOf(timeline, Number(row));
    plots.mark(timeline.x[point]);
    zoom.hidden = point < 0;
    zoom.onclick = () => {
      plots.visit(timeline.x, point, point);
      element('plots').scrollIntoView({ block: 'nearest' });
    };
    const mine = ++turn;
    const isRead = row !== undefined && Number(row) < refused.reading.rows;
    const around = isRead ? rowsAround(refused, Number(row), Number(column)) : bytesAround(sent, byte);
    const content = await around.catch((error: unknown) => (tellFailure(error), []));
    if (mine === turn) showPlace(content);
  };
  element('previous').onclick = () => void show(at - 1);
  element('next').onclick = () => void show(at + 1);
  element('refused').hidden = false;
  const noun = listed.every(({ row, column }) => row !== undefined && column !== '') ? 'bad cell' : 'fault';
  const rest = total > listed.length ? `, the first ${count(listed.length)} listed` : '';
  element('fault-count').textContent = plural(total, noun) + rest;
  element('fault-open').hidden = !listed.some(({ kind }) => kind === FOUND_BY_SERVICE);
  const lines = groups.map(({ first, count: times }) => {
    const name = first.row === undefined ? 'show' : `row ${first.row}`;
    const index = listed.indexOf(first);
    // Beyond the limit faults are only counted.
    const link = button(name, () => void show(index), { disabled: index < 0 });
    return tableRow(first.column || 'any', [first.kind, count(times), [link]]);
  });
  fillTable(element('fault-groups'), ['column', 'kind', 'count', 'first'], lines);
  element('faults-csv').onclick = () => save(new Blob([csvOf(listed)], { type: 'text/csv' }), 'faults.csv');
  await show(Math.max(0, told));
  if (told >= 0) place.querySelector('mark')?.scrollIntoView({ block: 'nearest' });
}

function csvOf(listed: readonly Fault[]): string {
  const lines = listed.map(({ error, row, column, log }) => [error, row, quoted(column), quoted(log)].join());
  return `${['error,row,column,log', ...lines].join('\r\n')}\r\n`;
}

function showPlace(content: readonly Node[]): void {
  place.replaceChildren(...content);
  place.hidden = content.length === 0;
  const marked = place.querySelector('mark')?.getBoundingClientRect();
  const { left, width } = place.getBoundingClientRect();
  // scrollIntoView would scroll the page as well.
  if (marked !== undefined) place.scrollLeft += marked.left + marked.width / 2 - left - width / 2;
}

/** A table of the rows around a fault. Without a column, -1, the whole row is at fault. */
async function rowsAround({ blob, reading }: Refused, at: number, column: number): Promise<Node[]> {
  const { headers, rows, rowStarts } = reading;
  const [from, to] = [Math.max(0, at - ROWS_BESIDE), Math.min(rows, at + ROWS_BESIDE + 1)];
  const starts = [...rowStarts.subarray(from, to + 1)];
  const texts = await Promise.all(starts.slice(1).map((end, i) => rowText(blob, starts[i] as number, end)));
  const lengths = texts.map((text) => cellsOf(text).length);
  // A row of a wrong length is at fault where it ends, or where the headers end.
  const middle = column < 0 ? Math.min(headers.length, lengths[at - from] ?? 0) : column;
  const shown = [...Array(Math.max(headers.length, ...lengths)).keys()].filter(
    (c) => headers[c] === DATE || Math.abs(c - middle) <= CELLS_BESIDE,
  );
  const lines = texts.map((text, i) => {
    const isAtFault = from + i === at;
    const cellOf = (content: string, isMarked: boolean): HTMLElement =>
      make('td', isMarked && isAtFault ? [make('mark', content)] : content);
    const cells = cellsOf(text);
    const made = shown.flatMap((c) => {
      const cell = cells[c];
      const isMarked = c === column || cell === undefined || (column < 0 && c >= headers.length);
      const one = cellOf(excerpt(cell ?? (isAtFault ? 'none' : ''), LONGEST_CELL), isMarked);
      return headers[c] === DATE ? [one, make('td', timeOf(cell), { className: 'hint' })] : [one];
    });
    // A value that is not an array has no cells.
    const whole = cellOf(excerpt(text, LONGEST_ROW), true);
    whole.setAttribute('colspan', String(shown.length + 1));
    return tableRow(String(from + i), cells.length === 0 ? [whole] : made, isAtFault ? 'at-fault' : '');
  });
  const names = shown.flatMap((c) => (headers[c] === DATE ? [DATE, 'time'] : [headers[c] ?? '']));
  const table = make('table', '', { ariaLabel: `Row ${at} and its neighbours, as they were sent` });
  fillTable(table, ['row', ...names], lines);
  return [table];
}

const timeOf = (cell = ''): string => (/^-?\d/.test(cell) ? inZone(Number(cell)) : '');

/** The text of a row, cut to the longest that is allowed, without the comma behind it. */
const rowText = async (blob: Blob, start: number, next: number): Promise<string> =>
  (await blob.slice(start, Math.min(next, start + MAX_ROW_BYTES)).text()).replace(/[\s,]+$/, '');

async function bytesAround(blob: Blob, index?: string): Promise<Node[]> {
  if (index === undefined) return [];
  const at = Number(index);
  const [from, to] = [Math.max(0, at - BYTES_BESIDE), at + 1 + BYTES_BESIDE];
  const parts = [blob.slice(from, at), blob.slice(at, at + 1), blob.slice(at + 1, to)];
  const [before = '', byte = '', after = ''] = await Promise.all(parts.map(visible));
  const [start, end] = [from > 0 ? '…' : '', to < blob.size ? '…' : ''];
  return [
    make('p', `Around byte ${count(at)} of ${count(blob.size)}:`, { className: 'hint' }),
    make('pre', [new Text(start + before), make('mark', byte || 'the end'), new Text(after + end)]),
  ];
}

/** The text of bytes, which need not be UTF-8, with invisible characters escaped. */
async function visible(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const [first = 0] = bytes;
  if (bytes.length === 1 && first > 0x7f) return `byte 0x${first.toString(16)}`;
  return escaped(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}
