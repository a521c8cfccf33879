import { excerpt } from '../../../common/frame/frame-rules.js';
import { element, make, mark, tableHead, tableRow } from './dom.js';
import { count, utc } from './format.js';
import { type Reading } from './read.js';
import { cellsOf } from '../../../common/frame/fault-finder.js';

/** Rows that are shown before and after a place. */
const NEIGHBOURS = 2;
const LONGEST_ROW = 1 << 18;

/** Of wider rows only the date and the cells around the place are shown, and of longer cells the beginning. */
const WIDEST = 12;
const CELLS_BESIDE = 3;
const LONGEST_CELL = 24;

/** Bytes that are shown before and after a place. */
const BEFORE = 120;
const AFTER = 80;

let turn = 0;

/**
 * Shows the row, or the bytes, that a log names.
 * @param sent the body as it was sent
 * @param body the body as it was read, with other bytes for the scale
 * @returns the row
 */
export async function showPlace(
  log: string,
  sent: Blob,
  body: Blob,
  reading?: Reading,
): Promise<number | undefined> {
  const [, row, column] = /scalar\.data\[(\d+)\](?:\[(\d+)\])?/.exec(log) ?? [];
  const byte = /at byte (\d+)/.exec(log)?.[1] ?? /too early, after (\d+)|end after (\d+)/.exec(log)?.[1];
  const place = element('place');
  const mine = ++turn;
  const content: Node[] = [];
  if (row !== undefined && Number(row) < (reading?.rows ?? 0))
    content.push(await rowsAround(body, reading as Reading, Number(row), Number(column ?? NaN)));
  else if (byte !== undefined) content.push(...(await bytesAround(sent, Number(byte))));
  if (mine === turn) {
    place.replaceChildren(...content);
    place.hidden = content.length === 0;
    const marked = place.querySelector('mark')?.getBoundingClientRect();
    const { left, width } = place.getBoundingClientRect();
    if (marked !== undefined) place.scrollLeft += marked.left + marked.width / 2 - left - width / 2;
  }
  return row === undefined ? undefined : Number(row);
}

/** @param column NaN where the row as a whole is at fault */
async function rowsAround(blob: Blob, reading: Reading, at: number, column: number): Promise<HTMLElement> {
  const { headers, rowStarts } = reading;
  const from = Math.max(0, at - NEIGHBOURS);
  const to = Math.min(reading.rows, at + NEIGHBOURS + 1);
  const texts = await Promise.all(
    Array.from({ length: to - from }, (_, i) => rowText(blob, rowStarts, from + i)),
  );
  const rows = texts.map(cellsOf);
  const width = Math.max(headers.length, ...rows.map(({ length }) => length));
  const middle = Number.isNaN(column) ? Math.min(headers.length, rows[at - from]?.length ?? 0) : column;
  const shown = Array.from({ length: width }, (_, c) => c).filter(
    (c) => width <= WIDEST || headers[c] === 'date' || Math.abs(c - middle) <= CELLS_BESIDE,
  );
  const lines = rows.map((cells, i) => {
    const isAtFault = from + i === at;
    const text = texts[i] as string;
    const shownCells = shown.flatMap((c) => {
      const cell = cells[c];
      const isMarked = c === column || cell === undefined || (Number.isNaN(column) && c >= headers.length);
      const missing = text.endsWith('…') ? '…' : isAtFault ? 'none' : '';
      const content = cell === undefined ? missing : excerpt(cell, LONGEST_CELL);
      const date = make('td', isDate(cell) ? utc(Number(cell)) : '', { className: 'hint' });
      return [
        make('td', isAtFault && isMarked ? [mark(content)] : content),
        ...(headers[c] === 'date' ? [date] : []),
      ];
    });
    // What is no array has no cells.
    const whole = make(
      'td',
      isAtFault ? [mark(excerpt(text, WIDEST * LONGEST_CELL))] : excerpt(text, LONGEST_CELL),
      {
        colSpan: shown.length + 1,
      },
    );
    return tableRow(String(from + i), cells.length === 0 ? [whole] : shownCells, isAtFault ? 'at-fault' : '');
  });
  const names = shown.flatMap((c) => (headers[c] === 'date' ? ['date', 'UTC'] : [headers[c] ?? '']));
  return make('table', [tableHead(['row', ...names]), make('tbody', lines)], {
    ariaLabel: `Row ${at} and its neighbours, as they were sent`,
  });
}

const isDate = (cell = ''): boolean => /^-?\d/.test(cell);

/** The text of one row, without what parts it from the next. */
async function rowText(blob: Blob, starts: Float64Array, row: number): Promise<string> {
  const [start, next] = [starts[row] as number, starts[row + 1] as number];
  const isCut = next - start > LONGEST_ROW;
  const json = await blob.slice(start, isCut ? start + LONGEST_ROW : next).text();
  return isCut ? `${json}…` : json.replace(/[\s,]+$/, '');
}

async function bytesAround(blob: Blob, at: number): Promise<Node[]> {
  const [before, byte, after] = await Promise.all([
    visible(blob.slice(Math.max(0, at - BEFORE), at)),
    visible(blob.slice(at, at + 1)),
    visible(blob.slice(at + 1, at + 1 + AFTER)),
  ]);
  const [start, end] = [at > BEFORE ? '…' : '', at + 1 + AFTER < blob.size ? '…' : ''];
  return [
    make('p', `Around byte ${count(at)} of ${count(blob.size)}:`, { className: 'hint' }),
    make('pre', [new Text(start + before), mark(byte === '' ? 'the end' : byte), new Text(after + end)]),
  ];
}

/** Text of bytes that may be none: what can't be seen is spelt out. */
async function visible(blob: Blob): Promise<string> {
  const [first = 0, ...others] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (others.length === 0 && first > 0x7f) return `byte 0x${first.toString(16)}`;
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await blob.arrayBuffer());
  return decoded.replace(
    /[^\P{C}\n\t]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
