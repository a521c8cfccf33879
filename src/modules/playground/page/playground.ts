import { curlOf, type CurlCall } from './curl.js';
import { element, make } from './dom.js';
import { showFacts } from './facts.js';
import { FaultList } from './fault-list.js';
import { milliseconds, plural, size } from './format.js';
import { method } from './method.js';
import { LinkedPlots, type PlotSeries } from './plot.js';
import { showStep, stopSteps, tell, tellFailure, timed } from './progress.js';
import { ask, read, type Column, type Reading } from './read.js';
import { parsed, showResponse } from './response.js';
import { showRows } from './rows.js';
import { isReadable, send } from './send.js';
import { offerTable } from './table-form.js';
import { type Table } from './table.js';
import { outliersOf } from './timeline.js';

/** A pasted text up to here stands in the command; a longer one is taken for a file. */
const LONGEST_COMMAND = 32_768;

/** A pasted text from here on is taken without showing it, which would take a browser long. */
const LONGEST_SHOWN = 200_000;

/** Those of the style sheet. */
const COLORS = 6;

interface Body {
  readonly blob: Blob;
  readonly name: string;
  /** It is no file, so that a command can't name it. */
  readonly isText: boolean;
  reading?: Reading;
}

const [inputs, output, drop] = [element('inputs'), element('output'), element('drop')];
const [file, text] = [element<HTMLInputElement>('file'), element<HTMLTextAreaElement>('text')];
const [scale, key] = [element<HTMLInputElement>('scale'), element<HTMLInputElement>('key')];
const [sendButton, cancelButton] = [element<HTMLButtonElement>('send'), element<HTMLButtonElement>('cancel')];
const outliersButton = element<HTMLButtonElement>('outliers');
const [command, download] = [element('curl'), element<HTMLAnchorElement>('download')];

let body: Body | undefined;
let running: AbortController | undefined;
let spoken = 0;
/** That of the response that is shown. */
let sentScale: string | undefined;

const plots = new LinkedPlots((where) => {
  element('cursor').textContent = where;
  // Not each of the places that a pointer passes.
  clearTimeout(spoken);
  if (where !== '') spoken = setTimeout(speakCursor, 300);
});

const faults = new FaultList(plots);

function speakCursor(): void {
  const entries = document.querySelectorAll('.entry:has([aria-pressed="true"])');
  const values = Array.from(entries, ({ textContent }) => textContent);
  element('spoken').textContent = `${element('cursor').textContent}: ${values.join(', ')}`;
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
    stopSteps();
    if (!mine.signal.aborted) tellFailure(error);
    else if (running === mine) tell('Cancelled.');
  }
  if (running !== mine) return;
  running = undefined;
  cancelButton.disabled = true;
  sendButton.disabled = body === undefined;
}

// The body

function take(blob: Blob, name: string, isText: boolean): void {
  const taken: Body = { blob, name, isText };
  body = taken;
  clear();
  element('facts').hidden = false;
  element('name').textContent = `${name}, ${size(blob.size)}`;
  scale.value = '';
  scale.disabled = sendButton.disabled = true;
  sentScale = undefined;
  showScaleHint();
  void run(async (signal) => {
    tell('Reading…');
    const reading = await timed('reading', async (progress) =>
      read({ blob, needed: (await method).inputs }, signal, progress),
    );
    taken.reading = reading;
    showFacts(reading);
    scale.value = reading.texts['param.scale'] ?? '';
    scale.disabled = reading.scaleSlot === undefined;
    tell(reading.fault === undefined ? `Read ${plural(reading.rows, 'row')}.` : 'Read as far as it is JSON.');
    sendButton.disabled = false;
    if (reading.fault !== undefined)
      await offerTable(blob, (await method).inputs, (table) => makeBody(taken, table));
    await showInputs(reading, signal);
    signal.throwIfAborted();
    if (reading.faults !== undefined) await faults.showAll({ blob, reading }, reading.faults);
  });
}

/** A body of a table takes the table's place. */
function makeBody({ blob, name }: Body, table: Table): void {
  void run(async (signal) => {
    tell('Making a body…');
    const made = (await ask({ blob, table }, signal)).made as Blob;
    const file = `${name.replace(/\.\w+$/, '')}.json`;
    take(made, file, true);
    element('name').append(
      ' ',
      make('a', 'Download it', { href: URL.createObjectURL(made), download: file }),
    );
  });
}

function clear(): void {
  for (const id of ['facts', 'fault', 'note', 'table', 'plots', 'rows', 'steps']) element(id).hidden = true;
  faults.clear();
  clearResponse();
  plots.clear();
  element('welcome').hidden = false;
}

function clearResponse(): void {
  for (const id of ['response', 'output']) element(id).hidden = true;
  plots.clear(output);
  URL.revokeObjectURL(download.href);
  for (const step of ['sending', 'receiving', 'plotting'] as const) showStep(step, 0, '');
}

/** Those of the method, then the others that hold numbers. */
async function inputsOf({ samples, rows }: Reading): Promise<{ known: Column[]; others: Column[] }> {
  const names = (await method).inputs;
  const known = names.flatMap((input) => samples.find(({ name }) => name === input) ?? []);
  return { known, others: samples.filter((one) => !known.includes(one) && one.missing < rows) };
}

/** All that the table shows of a body. */
async function columnsOf(reading: Reading): Promise<Column[]> {
  const { known, others } = await inputsOf(reading);
  return [...reading.dates, ...known, ...others];
}

async function showInputs(reading: Reading, signal: AbortSignal): Promise<void> {
  const { known, others } = await inputsOf(reading);
  signal.throwIfAborted();
  showRows(await columnsOf(reading), false);
  const series = [
    ...known.map((column, c) => seriesOf(column, c, true)),
    ...others.map((column, c) => seriesOf(column, 3 + c, known.length === 0)),
  ];
  const outliers = outliersOf(reading.timeline);
  outliersButton.hidden = outliers === 0;
  outliersButton.textContent = `With ${plural(outliers, 'outlier')}`;
  outliersButton.ariaPressed = 'false';
  await plot(inputs, reading, series, signal);
}

async function showOutputs(reading: Reading, sent: Reading, signal: AbortSignal): Promise<void> {
  const columns = await columnsOf(sent);
  signal.throwIfAborted();
  showRows([...columns, ...reading.samples], true);
  await plot(
    output,
    reading,
    reading.samples.map((column, c) => seriesOf(column, 2 + c, true)),
    signal,
  );
}

const seriesOf = (column: Column, color: number, isShown: boolean): PlotSeries => ({
  ...column,
  color: `--series-${1 + (color % COLORS)}`,
  isShown,
});

/** The browser does what waits, uPlot's drawing included. */
const aTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

async function plot(
  figure: HTMLElement,
  { timeline }: Reading,
  series: readonly PlotSeries[],
  signal: AbortSignal,
): Promise<void> {
  if (timeline.x.length === 0) return;
  element('welcome').hidden = true;
  element('plots').hidden = figure.hidden = false;
  await timed('plotting', async () => {
    await aTurn();
    signal.throwIfAborted();
    plots.show(figure, timeline, series);
    await aTurn();
  });
}

// Sending

/** The body with the scale that the page shows, and that scale where it is another. */
function toSend({ blob, reading }: Body): { blob: Blob; scale?: CurlCall['scale'] } {
  const [slot, now] = [reading?.scaleSlot, scale.value.trim()];
  if (slot === undefined || now === '' || now === (reading?.texts['param.scale'] ?? '')) return { blob };
  const parts = [blob.slice(0, slot.start), slot.before + now + slot.after, blob.slice(slot.end)];
  return { blob: new Blob(parts), scale: { slot, text: now } };
}

function call(sent: Body): void {
  sendButton.disabled = true;
  clearResponse();
  const { blob, ...changed } = toSend(sent);
  sentScale = scale.value;
  showScaleHint();
  void run(async (signal) => {
    if (!(await isReadable(sent.blob))) {
      file.focus();
      throw new Error('the file has changed since it was chosen: choose it again');
    }
    // The outputs of the last request go from the table as well.
    if (sent.reading !== undefined) showRows(await columnsOf(sent.reading), false);
    tell('Sending…');
    const url = new URL((await method).path, document.baseURI).href;
    const startedAt = performance.now();
    const showSent = (part: number): void => {
      showStep('sending', part, part < 1 ? undefined : milliseconds(performance.now() - startedAt));
      if (part === 1) showStep('receiving', undefined, 'waiting');
    };
    showSent(0);
    const response = await send(
      url,
      blob,
      key.value,
      showSent,
      (part) => showStep('receiving', part),
      signal,
    );
    showStep('receiving', 1, milliseconds(response.ms));
    const reading = await read({ blob: response.body }, signal);
    const isShort = sent.isText && blob.size <= LONGEST_COMMAND;
    signal.throwIfAborted();
    command.textContent = curlOf({
      url,
      isProtected: key.value !== '',
      file: sent.name,
      ...(isShort && { text: await blob.text() }),
      ...changed,
    });
    showResponse(response, reading, sent.reading === undefined ? [] : (await inputsOf(sent.reading)).known);
    if (response.status === 401) askForKey();
    if (reading.texts.error === '0') faults.clear();
    else await faults.showRefusal(String(parsed(reading.texts.log)), blob, sent);
    if (reading.rows > 0 && sent.reading !== undefined) await showOutputs(reading, sent.reading, signal);
  });
}

function showScaleHint(): void {
  const isNumber = /^(-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?)?$/i.test(scale.value.trim());
  const isOther = sentScale !== undefined && sentScale !== scale.value;
  const hint = isNumber ? 'param.scale of the body' : 'not a number as JSON has it; sent as it stands';
  element('scale-hint').textContent = isOther
    ? `${hint}; what was sent last has ${sentScale === '' ? 'none' : sentScale}`
    : hint;
}

function askForKey(): void {
  element('key-field').hidden = false;
  tell('This service wants a key: give one and send again.');
  key.focus();
}

// What a person does

const takeText = (content: string): void => take(new Blob([content]), 'pasted.json', true);

function takeTransfer(transfer: DataTransfer | null): void {
  const dropped = transfer?.files[0];
  const content = transfer?.getData('text') ?? '';
  if (dropped !== undefined) take(dropped, dropped.name, false);
  else if (content !== '') takeText(content);
}

file.addEventListener('change', () => {
  const chosen = file.files?.[0];
  if (chosen !== undefined) take(chosen, chosen.name, false);
  // So that the same file can be chosen again after it has changed.
  file.value = '';
});
element('sample').addEventListener('click', () => {
  method.then(({ sample }) => take(new Blob([sample]), 'The sample', true)).catch(tellFailure);
});
element('take').addEventListener('click', () => takeText(text.value));
document.addEventListener('paste', (event) => {
  const { target, clipboardData } = event;
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  if (isField && (clipboardData?.getData('text') ?? '').length < LONGEST_SHOWN) return;
  event.preventDefault();
  takeTransfer(clipboardData);
});
for (const type of ['dragover', 'dragleave', 'drop'] as const)
  document.addEventListener(type, (event) => {
    event.preventDefault();
    const isOver = type === 'dragover' || (type === 'dragleave' && event.relatedTarget !== null);
    drop.classList.toggle('over', isOver);
    if (type === 'drop') takeTransfer(event.dataTransfer);
  });
element('call').addEventListener('submit', (event) => {
  event.preventDefault();
  if (body !== undefined && !sendButton.disabled) call(body);
});
scale.addEventListener('input', showScaleHint);
cancelButton.addEventListener('click', () => running?.abort(new DOMException('cancelled', 'AbortError')));
element('reset').addEventListener('click', () => plots.reset());
outliersButton.addEventListener('click', () => {
  plots.withOutliers = !plots.withOutliers;
  outliersButton.ariaPressed = String(plots.withOutliers);
  plots.reset();
});
element('copy').addEventListener('click', () => {
  // A page without TLS has no clipboard.
  Promise.resolve(command.textContent)
    .then((content) => navigator.clipboard.writeText(content))
    .then(() => tell('The command is in the clipboard.'))
    .catch(() => tell('The browser gives no clipboard here: take the command from below.'));
});
