import { differenceOf, matchRows } from './compare.js';
import { aTurn, button, element, fillTable, make, tableRow, tell, type Content } from './dom.js';
import { count, plural } from './format.js';
import { plots } from './plot.js';
import { read, samplesOf, type Column, type Reading } from './read.js';
import { rowOf, type Timeline } from './timeline.js';

const HEAD = ['series', 'differ', 'first', 'largest difference', 'largest relative to recorded'];
const section = element('comparison');
let file: File | undefined;
let recorded: Reading | undefined;

/** Compares this response, and those that follow, with a file. */
export function compareWith(chosen?: File): void {
  [file, recorded] = [chosen, undefined];
  element('expected-name').textContent = file?.name ?? '';
  element('forget').hidden = file === undefined;
  clearComparison();
}

export function clearComparison(): void {
  section.hidden = true;
  plots.overlay(element('output'), new Map());
}

export async function showComparison(response: Reading, signal: AbortSignal): Promise<void> {
  if (file === undefined) return;
  recorded ??= await read<Reading>({ blob: file }, signal);
  const { timeline } = response;
  const { partners, ...match } = matchRows(timeline, recorded.timeline);
  const notes = [...notesOf(response, recorded, match, file.name)];
  let isSame = notes.length === 0;
  const rows: HTMLElement[] = [];
  const overlays = new Map<string, Float64Array>();
  for (const { name, values } of comparable(response)) {
    const other = comparable(recorded).find((column) => column.name === name)?.values;
    if (other === undefined) continue;
    await aTurn(signal);
    const along = values.map((_, point) => other[partners[point] as number] ?? NaN);
    overlays.set(name, along);
    await aTurn();
    const difference = differenceOf(partners, timeline, values, along);
    isSame &&= difference.differing === 0;
    rows.push(tableRow(name, cellsOf(difference, match.common, timeline)));
  }
  await aTurn(signal);
  const ofRows = match.common === 0 ? '' : ` in all ${plural(match.common, 'row')}`;
  const verdict = isSame ? `The same${ofRows}` : 'Not the same';
  section.hidden = false;
  section.classList.toggle('refused', !isSame);
  element('comparison-title').textContent = `Compared with ${file.name}`;
  element('same').textContent = verdict;
  element('comparison-notes').replaceChildren(...notes.map((note) => make('li', note)));
  fillTable(element('differences'), HEAD, rows);
  plots.overlay(element('output'), overlays);
  tell(`${verdict}, compared with ${file.name}.`);
}

function cellsOf(difference: ReturnType<typeof differenceOf>, common: number, timeline: Timeline): Content[] {
  const { differing, oneMissing, first, absolute, relative } = difference;
  const missing = oneMissing > 0 ? `, ${count(oneMissing)} by a missing sample` : '';
  const largest = [absolute, relative].map(({ value, point }) =>
    value === 0 ? '–' : linked(String(Number(value.toPrecision(6))), timeline, point),
  );
  const firstCell = differing === 0 ? '–' : linked('', timeline, first);
  return [`${count(differing)} of ${count(common)}${missing}`, firstCell, ...largest];
}

/** A text with a link to a point of the plot. */
const linked = (text: string, timeline: Timeline, point: number): Node[] => [
  new Text(text && `${text} `),
  button(`row ${rowOf(timeline, point)}`, () => plots.visit(timeline.x, point, point)),
];

/** Rows without dates match by their numbers: then dates are compared as well. */
const comparable = (reading: Reading): readonly Column[] =>
  reading.timeline.isTime ? samplesOf(reading) : reading.columns;

/** The differences other than those of values. */
function* notesOf(
  response: Reading,
  recorded: Reading,
  { common, onlyHere, onlyThere, moved }: Omit<ReturnType<typeof matchRows>, 'partners'>,
  file: string,
): Generator<Content> {
  if (recorded.fault !== undefined) yield `${file} is not valid JSON: ${recorded.fault}.`;
  if (recorded.oddRow !== undefined)
    yield `Row ${recorded.oddRow} of ${file} is not as many numbers, or null, as there are headers.`;
  const [one, other] = [response.texts, recorded.texts];
  const [error = 'missing', expected = 'missing'] = [one.error, other.error];
  if (error !== expected) yield `error is ${error} here, ${expected} in ${file}.`;
  else if (error !== '0' && one.log !== other.log) yield `log is ${one.log} here, ${other.log} in ${file}.`;
  for (const [{ timeline, headers }, others, first, where] of [
    [response, recorded.headers, onlyHere, 'here'],
    [recorded, response.headers, onlyThere, `in ${file}`],
  ] as const) {
    const names = headers.filter((header) => !others.includes(header));
    const rows = plural(timeline.x.length - common, 'row');
    if (first !== undefined) yield linked(`${rows} only ${where}, the first is`, timeline, first);
    if (names.length > 0) yield `Only ${where}: ${names.join(', ')}.`;
  }
  if (moved !== undefined && (onlyHere ?? onlyThere) === undefined)
    yield linked('The rows come in another order: compared by date. The first that moved is', response.timeline, moved);
}
