import { DATE } from '../../../common/frame/frame.js';
import { aTurn, button, element, fillTable, make, save, tableRow } from './dom.js';
import { count, duration, inZone, numeral, plural, quoted, secondsOf, whenAt } from './format.js';
import { plots } from './plot.js';
import { samplesOf, type Column, type Reading } from './read.js';
import { isSameAxis, pointAt, pointOf, rowOf, type Extent, type Timeline } from './timeline.js';

interface Rows extends Pick<Reading, 'columns' | 'timeline' | 'rows'> {
  readonly name: string;
}

/** Rows with the points in view, and the point that was under the cursor last. */
type Shown = Rows & { inView: Extent; point: number };

const ROWS = 10;
const ROWS_A_PIECE = 5000;
/** The significant digits of a mean. Further ones depend on the way it is computed. */
const DIGITS = 12;
const places = [element('body-rows'), element('own-rows')];
const [rowField, dateField] = [element<HTMLInputElement>('go-row'), element<HTMLInputElement>('go-date')];
let tables: Shown[] = [];
/** Whether the body was accepted: only then an empty cell is a missing sample for sure. */
let isAccepted = false;
let drawing = 0;
/** Lists the gaps of the chosen series. */
let listGaps = (): void => undefined;

/** Shows rows and statistics. A response with the body's dates continues the body's rows, another one has its own table. */
export function showTables(body: Rows, response?: Rows): void {
  const isOwn = response !== undefined && !isSameAxis(body.timeline, response.timeline);
  const joined = isOwn || response === undefined ? [] : samplesOf(response);
  const all = [{ ...body, columns: [...body.columns, ...joined] }, ...(isOwn ? [response] : [])];
  isAccepted = response !== undefined;
  tables = all.map((rows) => {
    // The plot of a body keeps its view and its cursor when the body is sent.
    const shown = tables.find(({ timeline }) => timeline === rows.timeline);
    return { inView: [0, rows.timeline.x.length - 1], point: -1, ...shown, ...rows };
  });
  element('go-note').textContent = '';
  drawRows();
  showStatistics();
}

// The rows around the cursor of the plots, or at the beginning of their view

plots.onView = (timeline, inView, point) => {
  const table = tables.find((one) => one.timeline === timeline);
  if (table === undefined) return;
  table.inView = inView;
  table.point = point ?? table.point;
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(drawRows);
};

function drawRows(): void {
  element('rows').hidden = tables.every(({ timeline }) => timeline.x.length === 0);
  places.forEach((place, t) => {
    const table = tables[t];
    place.hidden = table === undefined;
    if (table !== undefined) drawTable(place.firstElementChild as Element, table);
  });
}

function drawTable(place: Element, { name, timeline, columns, inView, point }: Shown): void {
  const { length } = timeline.x;
  const isInView = point >= inView[0] && point <= inView[1];
  const first = Math.max(0, Math.min(isInView ? point - ROWS / 2 : inView[0], length - ROWS));
  const rows = Array.from({ length: Math.min(ROWS, length) }, (_, r) => {
    const cells = columns.map((column) => {
      const value = column.values[first + r] as number;
      if (Number.isNaN(value)) return make('td', isAccepted ? 'missing' : '–', { className: 'hint' });
      return column.name === DATE ? inZone(value) : numeral(value);
    });
    const isCurrent = isInView && first + r === point;
    return tableRow(String(rowOf(timeline, first + r)), cells, isCurrent ? 'current' : '');
  });
  const caption = `${name}: ${count(rows.length)} of ${count(length)} rows`;
  fillTable(place, ['row', ...columns.map((column) => column.name)], rows, caption);
}

/** Goes to the row or the date of the fields. @returns a note */
function goTo({ rows, timeline }: Rows): string {
  const { x, isTime } = timeline;
  const [text, date] = [rowField.value.replaceAll(',', '').trim(), dateField.value.trim()];
  if (date === '') {
    const row = Number(text);
    if (!/^\d+$/.test(text) || row >= rows) return `Expected a row from 0 to ${count(rows - 1)}.`;
    const point = Math.max(0, pointOf(timeline, row));
    plots.goTo(x, point);
    return rowOf(timeline, point) === row ? '' : `Row ${text} has no date: the one above is shown.`;
  }
  const seconds = secondsOf(date);
  if (!isTime) return 'These rows have no dates.';
  if (Number.isNaN(seconds)) return 'Expected a date such as 2015-01-31 12:00:00.';
  const point = Math.min(pointAt(x, seconds), x.length - 1);
  plots.goTo(x, point);
  if (x[point] === seconds) return '';
  return `No row has this date: the ${(x[point] as number) < seconds ? 'last' : 'next'} is shown.`;
}

/** Downloads the rows in view. A missing sample is an empty field. */
async function saveCsv({ name, timeline, columns, inView: [from, to] }: Shown): Promise<void> {
  const { x, isTime } = timeline;
  const line = (point: number): string => {
    const texts = columns.map(({ values }) => numeral(values[point] as number).replace('NaN', ''));
    return [rowOf(timeline, point), ...texts, ...(isTime ? [inZone(x[point] as number)] : [])].join();
  };
  const names = columns.map((column) => quoted(column.name));
  const pieces: (string | Blob)[] = [['row', ...names, ...(isTime ? ['time'] : [])].join()];
  for (let start = from; start <= to; start += ROWS_A_PIECE) {
    const length = Math.min(ROWS_A_PIECE, to + 1 - start);
    pieces.push(new Blob(Array.from({ length }, (_, i) => `\r\n${line(start + i)}`)));
    await aTurn();
  }
  const rows = [from, to].map((at) => rowOf(timeline, at)).join(' to ');
  save(new Blob([...pieces, '\r\n'], { type: 'text/csv' }), `${name}, rows ${rows}.csv`);
}

rowField.addEventListener('input', () => (dateField.value = ''));
dateField.addEventListener('input', () => (rowField.value = ''));
element('go').addEventListener('submit', (event) => {
  event.preventDefault();
  if (tables[0] !== undefined) element('go-note').textContent = goTo(tables[0]);
});
element('rows-csv').addEventListener('click', () => tables.forEach((table) => void saveCsv(table)));
document.addEventListener('zone', () => {
  drawRows();
  listGaps();
});

// The statistics of each series

function showStatistics(): void {
  listGaps = () => undefined;
  element('gaps').hidden = true;
  const lines = tables.flatMap((rows) => samplesOf(rows).map((column) => statisticsRow(column, rows.timeline)));
  element('statistics').hidden = lines.length === 0;
  const names = ['samples', 'missing', 'minimum', 'mean', 'maximum', 'usual step', 'gaps'];
  fillTable(element('series'), ['series', ...names], lines);
}

function statisticsRow(column: Column, timeline: Timeline): HTMLElement {
  const { name, samples, missing, minimum, mean, maximum, usualStep, gapCount } = column;
  const title = `${plural(gapCount, 'gap')} of ${name}`;
  const show = (): void => {
    listGaps = () => showGaps(column, timeline, title);
    listGaps();
  };
  const numbers = [minimum, Number(mean.toPrecision(DIGITS)), maximum].map(String);
  const texts = [count(samples), count(missing), ...numbers, duration(usualStep, timeline.isTime)];
  const gaps = button(count(gapCount), show, { ariaLabel: title, disabled: gapCount === 0 });
  return tableRow(name, [...texts.map((text) => text.replace(/NaN.*/, '–')), [gaps]]);
}

function showGaps({ gapCount, gaps }: Column, { x, isTime }: Timeline, title: string): void {
  const place = (at: number): string => (isTime ? whenAt(x[at] as number) : `row ${at}`);
  const lines = gaps.map(([before, after]) => {
    const [from, to] = [Math.max(before, 0), Math.min(after, x.length - 1)];
    const visit = (): void => plots.visit(x, from, to, Math.min(before + 1, to));
    const lasts = duration((x[to] as number) - (x[from] as number), isTime);
    const cells = [after > to ? 'the end' : place(to), lasts, count(after - before - 1)];
    return tableRow([button(before < 0 ? 'the beginning' : place(before), visit)], cells);
  });
  element('gaps').hidden = false;
  const rest = gapCount > gaps.length ? `, the first ${count(gaps.length)} listed` : '';
  element('gaps-title').textContent = title + rest;
  fillTable(element('gap-list'), ['from', 'to', 'lasts', 'rows missing'], lines);
}
