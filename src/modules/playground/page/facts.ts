import { element } from './dom.js';
import { plural } from './format.js';
import { type Reading } from './read.js';
import { outliersOf } from './timeline.js';

/** Later dates are most likely milliseconds: the year 5138. */
const LATE = 1e11;

/** Shows what the page knows of a body before it is sent. */
export function showFacts(reading: Reading): void {
  const { fault, rows, headers } = reading;
  const names = headers.length === 0 ? '' : ` of ${headers.join(', ')}`;
  if (fault === undefined || rows > 0) element('name').append(`, ${plural(rows, 'row')}${names}`);
  const [refusal, ...others] = reading.faults?.listed ?? [];
  element('fault').hidden = refusal === undefined;
  element('fault').textContent =
    fault === undefined
      ? `The service will refuse this: ${refusal?.log}${others.length > 0 ? ', and more' : ''}.`
      : `This is not valid JSON: ${fault}. It can be sent all the same.`;
  const notes = [...notesOf(reading)].join(' ');
  element('note').hidden = notes === '';
  element('note').textContent = notes;
}

function* notesOf({ rows, headers, dates, samples, timeline, texts }: Reading): Generator<string> {
  const { x, isTime, isSorted, order, main } = timeline;
  if (texts.error !== undefined && texts.log !== undefined)
    yield 'This is a response, not a request: it holds error and log.';
  if (rows === 0) return;
  const last = x[main[1]] ?? 0;
  const outliers = outliersOf(timeline);
  const shown = dates.length + samples.length;
  if (dates.length === 0) yield 'No column is called date: plotted by row.';
  else if (!isTime) yield `A date is none that a calendar has: plotted by row.${unitOf(dates[0]?.head[0])}`;
  else if (last > LATE)
    yield `The dates, read as seconds, reach the year ${new Date(last * 1e3).getUTCFullYear()}; they may be milliseconds.`;
  if (!isSorted) yield 'The dates are not in order: plotted by date.';
  else if (order !== undefined) yield 'Rows without a date are not plotted.';
  if (outliers > 0)
    yield `${plural(outliers, 'date')} far from all others: the plot begins with the main range.`;
  if (shown < headers.length)
    yield `Of ${headers.length} columns, ${shown} are shown: the method’s and the first others.`;
}

/** Units of which a date would be a recent one, by how many make a second. */
const UNITS = { milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 };

function unitOf(date = NaN): string {
  const years = (perSecond: number): number => 1970 + date / perSecond / 31_556_952;
  const unit = Object.entries(UNITS).find(([, per]) => years(per) > 1990 && years(per) < 2100)?.[0];
  return unit === undefined ? '' : ` They may be ${unit}.`;
}
