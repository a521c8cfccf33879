import { type Faults } from '../../../common/frame/fault-finder.js';
import { EXCEL_DAYS, likelyUnits } from '../../../common/frame/date-units.js';
import { DATE } from '../../../common/frame/frame.js';
import { element } from './dom.js';
import { plural } from './format.js';
import { type Method } from './methods.js';
import { type Reading } from './read.js';
import { outliersOf } from './timeline.js';

const MOST_NAMED = 12;

/** Shows what is known about a body before it is sent. `beginning` is that of its text. */
export function showFacts(reading: Reading, method: Method, beginning: string): void {
  const { fault, rows, headers } = reading;
  const others = headers.length > MOST_NAMED ? ` and ${headers.length - MOST_NAMED} others` : '';
  const names = headers.length === 0 ? '' : ` of ${headers.slice(0, MOST_NAMED).join(', ')}${others}`;
  if (fault === undefined || rows > 0) element('name').append(`, ${plural(rows, 'row')}${names}`);
  const notes = [...notesOf(reading)];
  if (isResponse(reading, method, beginning)) notes.unshift('This is a response, not a request.');
  element('note').hidden = notes.length === 0;
  element('note').textContent = notes.join(' ');
}

export function showRefusal({ fault }: Reading, { listed }: Faults): void {
  const [first, ...later] = listed;
  element('fault').hidden = first === undefined;
  element('fault').textContent =
    fault === undefined
      ? `The service will refuse this: ${first?.log}${later.length > 0 ? ', and more' : ''}`
      : `This is not valid JSON: ${fault}. It can be sent all the same.`;
}

/** Whether it looks like a response: it has an error and a log, or names outputs of the method but no input. */
function isResponse({ headers, texts }: Reading, { needs, outputs }: Method, beginning: string): boolean {
  const isNamed = (name: string): boolean => headers.includes(name) || beginning.includes(JSON.stringify(name));
  const hasError = texts.error !== undefined && texts.log !== undefined;
  return hasError || (outputs.some(isNamed) && !needs.series.some(isNamed));
}

function* notesOf({ rows, headers, columns, timeline }: Reading): Generator<string> {
  const { x, isTime, isSorted, order } = timeline;
  if (rows === 0) return;
  const date = columns.find(({ name }) => name === DATE);
  const unit = likelyUnits(date?.values[x.length >> 1] ?? NaN);
  const outliers = outliersOf(timeline);
  if (!headers.includes(DATE)) yield 'No column is called date: plotted by row.';
  else if ((date?.samples ?? 0) === 0) yield 'No date is a number: plotted by row.';
  else if (!isTime) yield 'Most dates are in no calendar: plotted by row.';
  if (unit !== '' && (unit !== EXCEL_DAYS || likelyUnits(date?.minimum ?? NaN) === unit))
    yield `The dates may be ${unit}: they are read as seconds.`;
  if (!isSorted) yield 'The dates are not in order: plotted by date.';
  else if (order !== undefined) yield 'Rows without a date are not plotted.';
  if (outliers > 0) yield `${plural(outliers, 'date')} far from all others: the plot begins with the main range.`;
  if (columns.length < headers.length)
    yield `Of ${headers.length} columns, ${columns.length} are shown: the method’s, and the first others that do not begin with a text.`;
}
