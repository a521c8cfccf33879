import { ERROR_CODES } from '../../../common/errors/error-codes.js';
import { curlOf } from './curl.js';
import { LinkedPlots, utc, type PlotSeries } from './plot.js';
import { read, type Column, type Reading } from './read.js';
import { send, type Response } from './send.js';
import { cellsOf } from './series-reader.js';

/** What the method takes; columns beside these are ignored by it, and hidden until they are asked for. */
const INPUTS = ['e1_ts', 'e2_ts'];

/** A pasted text up to here stands in the command; a longer one is taken for a file. */
const LONGEST_COMMAND = 32_768;

/** A pasted text from here on is taken without showing it, which would take a browser long. */
const LONGEST_SHOWN = 200_000;

/** Later dates are most likely milliseconds: the year 5138. */
const LATE = 1e11;

const NEIGHBOURS = 2;
const LONGEST_ROW = 4096;

/** Bytes that are shown before and after a place. */
const BEFORE = 120;
const AFTER = 80;

interface Body {
  readonly blob: Blob;
  readonly name: string;
  /** It is no file, so that a command can't name it. */
  readonly isText: boolean;
  reading?: Reading;
}

type Step = 'reading' | 'sending' | 'receiving' | 'plotting';

function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as E;
}

const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  content: string | readonly Node[],
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...(typeof content === 'string' ? [content] : content));
  return made;
};

const [inputs, output] = [element('inputs'), element('output')];
const [drop, file, text] = [
  element('drop'),
  element<HTMLInputElement>('file'),
  element<HTMLTextAreaElement>('text'),
];
const [scale, key] = [element<HTMLInputElement>('scale'), element<HTMLInputElement>('key')];
const [sendButton, cancelButton] = [element<HTMLButtonElement>('send'), element<HTMLButtonElement>('cancel')];

let body: Body | undefined;
let running: AbortController | undefined;
let command = '';
let spoken = 0;

const plots = new LinkedPlots((where) => {
  element('cursor').textContent =
    where === undefined ? '' : [where.date, `row ${where.row}`].filter(Boolean).join(' · ');
  // Not each of the places that a pointer passes.
  clearTimeout(spoken);
  if (where !== undefined) spoken = setTimeout(speakCursor, 300);
});

function speakCursor(): void {
  const entries = [...document.querySelectorAll<HTMLElement>('.entry')]
    .filter((entry) => entry.querySelector('[aria-pressed="true"]') !== null)
    .map((entry) => Array.from(entry.children, ({ textContent }) => textContent).join(' '));
  element('spoken').textContent = `${element('cursor').textContent}: ${entries.join(', ')}`;
}

/** One thing at a time: what was under way ends. */
async function run(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  cancelButton.disabled = false;
  try {
    await task(mine.signal);
  } catch (error) {
    for (const bar of document.querySelectorAll('progress:indeterminate')) bar.setAttribute('value', '0');
    if (!mine.signal.aborted) tell(`Failed: ${(error as Error).message}`);
    else if (running === mine) tell('Cancelled.');
  }
  if (running !== mine) return;
  running = undefined;
  cancelButton.disabled = true;
  sendButton.disabled = body === undefined;
}

function tell(status: string): void {
  element('status').textContent = status;
}

function stepped(step: Step, part: number | undefined, note = ''): void {
  element('steps').hidden = false;
  const item = element(step);
  const progress = item.querySelector('progress') as HTMLProgressElement;
  if (part === undefined) progress.removeAttribute('value');
  else progress.value = part;
  (item.querySelector('span') as HTMLElement).textContent =
    note || (part === undefined ? '' : `${Math.round(part * 100)} %`);
}

/** Runs a step to its end, which tells how long it took. */
async function timed<T>(step: Step, work: (progress: (part: number) => void) => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  stepped(step, 0);
  const result = await work((part) => stepped(step, part));
  stepped(step, 1, milliseconds(performance.now() - startedAt));
  return result;
}

const count = (value: number): string => value.toLocaleString('en');
const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
const milliseconds = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
const size = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;

// The body

function take(blob: Blob, name: string, isText: boolean): void {
  const taken: Body = { blob, name, isText };
  body = taken;
  clear();
  element('facts').hidden = false;
  element('name').textContent = `${name}, ${size(blob.size)}`;
  scale.value = '';
  scale.disabled = sendButton.disabled = true;
  void run(async (signal) => {
    tell('Reading…');
    const reading = await timed('reading', (progress) => read(blob, progress, signal));
    taken.reading = reading;
    showFacts(reading);
    scale.value = reading.texts['param.scale'] ?? '';
    scale.disabled = reading.scaleSlot === undefined;
    tell(reading.fault === undefined ? `Read ${plural(reading.rows, 'row')}.` : 'Read as far as it is JSON.');
    sendButton.disabled = false;
    await plot(inputs, reading, signal);
  });
}

function clear(): void {
  for (const id of ['facts', 'fault', 'note', 'plots', 'rows', 'steps']) element(id).hidden = true;
  clearResponse();
  plots.clear();
  element('welcome').hidden = false;
}

function clearResponse(): void {
  for (const id of ['response', 'refused', 'output']) element(id).hidden = true;
  plots.clear(output);
  URL.revokeObjectURL(element<HTMLAnchorElement>('download').href);
  for (const step of ['sending', 'receiving', 'plotting'] as const) stepped(step, 0, ' ');
}

function showFacts({ fault, rows, headers, columns, timeline }: Reading): void {
  const names = headers.length === 0 ? '' : ` of ${headers.join(', ')}`;
  if (fault === undefined || rows > 0) element('name').append(`, ${plural(rows, 'row')}${names}`);
  element('fault').hidden = fault === undefined;
  element('fault').textContent = `This is not valid JSON: ${fault}. It can be sent all the same.`;
  const notes = [...notesOf(columns, timeline)];
  element('note').hidden = notes.length === 0;
  element('note').textContent = notes.join(' ');
}

function* notesOf(
  columns: readonly Column[],
  { x, isTime, isSorted, order }: Reading['timeline'],
): Generator<string> {
  if (columns.length === 0) return;
  if (!columns.some(({ name }) => name === 'date')) yield 'No column is called date: plotted by row.';
  else if (!isTime) yield 'The dates are none that a calendar has: plotted by row.';
  else if ((x.at(-1) ?? 0) > LATE)
    yield `The dates, read as seconds, reach the year ${new Date((x.at(-1) ?? 0) * 1e3).getUTCFullYear()}; they may be milliseconds.`;
  if (!isSorted) yield 'The dates are not in order: plotted by date.';
  else if (order !== undefined) yield 'Rows without a date are not plotted.';
}

/** Those that hold numbers, the ones of the method first. */
function plottable({ columns, rows }: Reading): Column[] {
  const known = INPUTS.flatMap((input) => columns.find(({ name }) => name === input) ?? []);
  const others = columns.filter(
    (column) => column.name !== 'date' && !known.includes(column) && column.missing < rows,
  );
  return [...known, ...others];
}

async function plot(figure: HTMLElement, reading: Reading, signal: AbortSignal): Promise<void> {
  showRows(figure === output ? reading : undefined);
  if (reading.timeline.x.length === 0) return;
  const columns = figure === output ? outputsOf(reading) : plottable(reading);
  const isMethods = columns.some(({ name }) => INPUTS.includes(name));
  const series = columns.map(({ name, values, missing }, c): PlotSeries => {
    const input = INPUTS.indexOf(name);
    const color = figure === output ? 3 : input >= 0 ? input + 1 : 4 + (c % 3);
    return { name, values, missing, color: `--series-${color}`, isShown: !isMethods || input >= 0 };
  });
  element('welcome').hidden = true;
  element('plots').hidden = false;
  figure.hidden = false;
  await timed('plotting', (progress) => plots.show(figure, reading.timeline, series, progress, signal));
}

const outputsOf = ({ columns }: Reading): Column[] => columns.filter(({ name }) => name !== 'date');

/** The first rows of the body, and of its response beside them. */
function showRows(response?: Reading): void {
  const reading = body?.reading;
  if (reading === undefined || reading.rows === 0) return;
  const dates = reading.columns.filter(({ name }) => name === 'date');
  const shown = [...dates, ...plottable(reading), ...(response === undefined ? [] : outputsOf(response))];
  const rows = Math.max(0, ...shown.map(({ head }) => head.length));
  const cell = ({ name, head }: Column, row: number): HTMLElement => {
    const value = head[row] ?? NaN;
    // What is not accepted yet may be anything.
    if (Number.isNaN(value))
      return make('td', response === undefined ? '–' : 'missing', { className: 'gone' });
    return make('td', name === 'date' ? dateText(value) : String(value));
  };
  const head = ['row', ...shown.map(({ name }) => name)].map((name) => heading(name, 'col'));
  const lines = Array.from({ length: rows }, (_, row) =>
    make('tr', [heading(String(row), 'row'), ...shown.map((column) => cell(column, row))]),
  );
  element('rows').hidden = false;
  element('rows')
    .querySelector('table')
    ?.replaceChildren(make('thead', [make('tr', head)]), make('tbody', lines));
}

const heading = (content: string, scope: 'col' | 'row'): HTMLElement => make('th', content, { scope });

const dateText = (date: number): string => {
  try {
    return `${utc(date)} UTC`;
  } catch {
    return String(date);
  }
};

// Sending

function toSend({ blob, reading }: Body): { blob: Blob; changed?: string } {
  const [slot, now] = [reading?.scaleSlot, scale.value.trim()];
  if (slot === undefined || now === '' || now === (reading?.texts['param.scale'] ?? '')) return { blob };
  const parts = [blob.slice(0, slot.start), slot.before + now + slot.after, blob.slice(slot.end)];
  return { blob: new Blob(parts), changed: now };
}

function call(sent: Body): void {
  sendButton.disabled = true;
  clearResponse();
  void run(async (signal) => {
    const { blob, changed } = toSend(sent);
    const url = new URL('method', document.baseURI).href;
    tell('Sending…');
    const startedAt = performance.now();
    stepped('sending', 0);
    const response = await send(
      url,
      blob,
      key.value,
      (part) => {
        stepped('sending', part, part < 1 ? '' : milliseconds(performance.now() - startedAt));
        if (part === 1) stepped('receiving', undefined, 'waiting');
      },
      (part) => stepped('receiving', part),
      signal,
    );
    stepped('receiving', 1, milliseconds(response.ms));
    const reading = await read(response.body, () => undefined, signal);
    command = curlOf({
      url,
      isProtected: key.value !== '',
      file: sent.name,
      ...(sent.isText && blob.size <= LONGEST_COMMAND && { text: await blob.text() }),
      ...(changed !== undefined &&
        sent.reading?.scaleSlot && { scale: { slot: sent.reading.scaleSlot, text: changed } }),
    });
    showResponse(response, reading, sent.reading);
    if (response.status === 401) askForKey();
    await showPlace(reading.texts.log ?? '', blob, sent);
    if (reading.rows > 0) await plot(output, reading, signal);
  });
}

function showResponse(
  { status, body: response, ms, timings }: Response,
  reading: Reading,
  sent?: Reading,
): void {
  const { error, log } = { error: parsed(reading.texts.error), log: parsed(reading.texts.log) };
  const [name, known] = Object.entries(ERROR_CODES).find(([, { code }]) => code === error) ?? [];
  const isGood = error === 0 && reading.fault === undefined;
  element('response').hidden = false;
  element('response').classList.toggle('refused', !isGood);
  element('code').textContent = isGood
    ? '0 · success'
    : typeof error === 'number'
      ? `${error} · ${name ?? 'an error of this method'}`
      : 'no response of the service';
  element('http').textContent = `HTTP ${status}`;
  element('meaning').textContent = isGood
    ? ''
    : (known?.when ?? 'What came is not in the form of the contract; something between may have answered.');
  element('log').textContent = typeof log === 'string' ? log : (reading.fault ?? '');
  const missing = [
    ...(isGood ? (sent?.columns.filter((column) => INPUTS.includes(column.name)) ?? []) : []),
    ...reading.columns.filter((column) => column.name !== 'date'),
  ];
  element('numbers')
    .querySelector('tbody')
    ?.replaceChildren(
      ...(isGood ? [fact('Rows', count(reading.rows))] : []),
      ...missing.map((column) => fact(`Missing in ${column.name}`, count(column.missing))),
      fact('Response', size(response.size)),
      ...timings.map(([part, took]) => fact(`Service: ${part}`, milliseconds(took))),
      fact('Call, as the browser saw it', milliseconds(ms)),
    );
  element<HTMLAnchorElement>('download').href = URL.createObjectURL(response);
  element('curl').textContent = command;
  tell(isGood ? `Answered: ${String(log)}.` : `Answered: error ${String(error)}.`);
}

const fact = (name: string, value: string): HTMLElement =>
  make('tr', [heading(name, 'row'), make('td', value)]);

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}

function askForKey(): void {
  element('key-field').hidden = false;
  tell('This service wants a key: give one and send again.');
  key.focus();
}

// A refusal

/** Shows the row, or the bytes, that a log names. */
async function showPlace(logText: string, sent: Blob, { blob, reading }: Body): Promise<void> {
  const [, row, column] = /scalar\.data\[(\d+)\](?:\[(\d+)\])?/.exec(logText) ?? [];
  const at = /at byte (\d+)/.exec(logText)?.[1] ?? /too early, after (\d+)/.exec(logText)?.[1];
  const place =
    row !== undefined && reading !== undefined && Number(row) < reading.rows
      ? await rowsAround(blob, reading, Number(row), column === undefined ? undefined : Number(column))
      : at !== undefined
        ? await bytesAround(sent, Number(at))
        : undefined;
  element('refused').hidden = place === undefined;
  if (place === undefined) return;
  const shown = element('place');
  shown.replaceChildren(...place);
  const mark = shown.querySelector('mark');
  if (mark !== null) shown.scrollLeft = mark.offsetLeft + mark.offsetWidth + 16 - shown.clientWidth;
}

async function rowsAround(blob: Blob, reading: Reading, at: number, column?: number): Promise<Node[]> {
  const from = Math.max(0, at - NEIGHBOURS);
  const to = Math.min(reading.rows, at + NEIGHBOURS + 1);
  const texts = await Promise.all(
    Array.from({ length: to - from }, (_, i) => rowText(blob, reading.rowStarts, from + i)),
  );
  const rows = texts.map((rowJson) => ({ rowJson, cells: cellsOf(rowJson) }));
  const width = Math.max(reading.headers.length, ...rows.map(({ cells }) => cells.length));
  const body = rows.map(({ rowJson, cells }, i) => {
    const isAtFault = from + i === at;
    const shown =
      cells.length === 0
        ? [make('td', isAtFault ? [make('mark', rowJson)] : rowJson, { colSpan: width })]
        : Array.from({ length: width }, (_, c) => {
            const cell = cells[c];
            if (cell === undefined) return make('td', isAtFault ? [make('mark', 'none')] : '');
            const isExtra = isAtFault && column === undefined && c >= reading.headers.length;
            return make('td', isAtFault && (c === column || isExtra) ? [make('mark', cell)] : cell);
          });
    return make('tr', [heading(String(from + i), 'row'), ...shown], {
      className: isAtFault ? 'at-fault' : '',
    });
  });
  const names = Array.from({ length: width }, (_, c) => reading.headers[c] ?? '');
  const table = make('table', [
    make(
      'caption',
      `scalar.data[${at}]${column === undefined ? '' : `[${column}]`} and its neighbours, as they were sent`,
      { className: 'unseen' },
    ),
    make('thead', [
      make(
        'tr',
        ['row', ...names].map((name) => heading(name, 'col')),
      ),
    ]),
    make('tbody', body),
  ]);
  return [table];
}

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
    make('pre', [
      new Text(start + before),
      make('mark', byte === '' ? 'the end' : byte),
      new Text(after + end),
    ]),
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

// What a person does

async function takeSample(): Promise<void> {
  const response = await fetch('openapi.json');
  const { paths } = (await response.json()) as {
    paths: Record<
      string,
      { post: { requestBody: { content: Record<string, { examples: Record<string, { value: unknown }> }> } } }
    >;
  };
  const sample = paths['/method']?.post.requestBody.content['application/json']?.examples.example1;
  if (sample === undefined) throw new Error('the service has no sample');
  take(new Blob([JSON.stringify(sample.value)]), 'The sample', true);
}

const takeText = (content: string): void => take(new Blob([content]), 'pasted.json', true);

function takeDropped(files: FileList | undefined, content = ''): void {
  const [dropped] = files ?? [];
  if (dropped !== undefined) take(dropped, dropped.name, false);
  else if (content !== '') takeText(content);
}

file.addEventListener('change', () => {
  takeDropped(file.files ?? undefined);
  // So that the same file can be chosen again after it has changed.
  file.value = '';
});
element('sample').addEventListener('click', () => {
  takeSample().catch((error: unknown) => tell(`Failed: ${(error as Error).message}`));
});
element('take').addEventListener('click', () => takeText(text.value));
text.addEventListener('paste', (event) => {
  const pasted = event.clipboardData?.getData('text') ?? '';
  if (pasted.length < LONGEST_SHOWN) return;
  event.preventDefault();
  takeText(pasted);
});
document.addEventListener('paste', ({ target, clipboardData }) => {
  if (!(target instanceof HTMLInputElement) && !(target instanceof HTMLTextAreaElement))
    takeDropped(clipboardData?.files, clipboardData?.getData('text'));
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (relatedTarget === null) drop.classList.remove('over');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  takeDropped(event.dataTransfer?.files, event.dataTransfer?.getData('text'));
});
element('call').addEventListener('submit', (event) => {
  event.preventDefault();
  if (body !== undefined && !sendButton.disabled) call(body);
});
scale.addEventListener('input', () => {
  const isNumber =
    scale.value.trim() === '' || /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(scale.value.trim());
  element('scale-hint').textContent = isNumber
    ? 'param.scale of the body'
    : 'not a number as JSON has it; sent as it stands';
});
cancelButton.addEventListener('click', () => running?.abort(new DOMException('cancelled', 'AbortError')));
element('reset').addEventListener('click', () => plots.reset());
element('copy').addEventListener('click', () => {
  copy(command).then(
    () => tell('The command is in the clipboard.'),
    () => tell('The browser gives no clipboard here: take the command from below.'),
  );
});

async function copy(content: string): Promise<void> {
  await navigator.clipboard.writeText(content);
}
