import { withParams } from '../../../common/frame/body-params.js';
import { allFaults, withRefusal } from './all-faults.js';
import { clearComparison, compareWith, showComparison } from './comparison.js';
import { aTurn, element, onChosen, save, tell, tellFailure } from './dom.js';
import { showFacts, showRefusal } from './facts.js';
import { clearFaults, showFaults } from './faults.js';
import { plural, size, zone } from './format.js';
import { methods, offerMethods, showChooser, showMethod, type Method } from './methods.js';
import { changedParams, fillParams, paramsInWords } from './param-form.js';
import { plots } from './plot.js';
import { showCall } from './programs.js';
import { read, samplesOf, type Reading } from './read.js';
import { parsed, showResponse } from './response.js';
import { send } from './send.js';
import { offerTable } from './table-form.js';
import { textOf, type Table } from './table.js';
import { showTables } from './tables.js';

/** A longer pasted text is taken but not shown: a browser would take long to show it. */
const LONGEST_SHOWN = 200_000;
/** The length of the beginning by which tables and responses are recognized. */
const BEGINNING = 1 << 16;
/** Of the style sheet. */
const SERIES_COLORS = 6;

interface Body {
  /** A File if a person has it as such. */
  readonly blob: Blob;
  readonly name: string;
}

interface Ready extends Body {
  readonly method: Method;
  readonly reading: Reading;
}

const [inputs, output, drop] = [element('inputs'), element('output'), element('drop')];
const [text, key] = [element<HTMLTextAreaElement>('text'), element<HTMLInputElement>('key')];
const [sendButton, cancelButton] = [element<HTMLButtonElement>('send'), element<HTMLButtonElement>('cancel')];
const [axes, outliersButton] = [element<HTMLInputElement>('axes'), element<HTMLButtonElement>('outliers')];
let body: Body | undefined;
let ready: Ready | undefined;
let answered: Reading | undefined;
let running: AbortController | undefined;

/** Runs a task. It aborts the one before. */
async function run(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  cancelButton.disabled = false;
  try {
    await task(mine.signal);
  } catch (error) {
    if (!mine.signal.aborted) tellFailure(error);
    else if (running === mine) tell('Cancelled.');
  }
  if (running !== mine) return;
  running = undefined;
  // A disabled button loses the focus.
  if (document.activeElement === cancelButton) sendButton.focus();
  cancelButton.disabled = true;
  sendButton.ariaDisabled = null;
  sendButton.disabled = ready === undefined;
}

// The method

let method = methods.then((all) => {
  const [first] = all as [Method];
  showChooser(all, change);
  showMethod(first);
  return first;
});
method.catch(tellFailure);

function change(chosen: Method): void {
  method = Promise.resolve(chosen);
  showMethod(chosen);
  if (body !== undefined) take(body);
}

// The body

function take(taken: Body): void {
  const { blob, name } = taken;
  [body, ready] = [taken, undefined];
  clear();
  element('facts').hidden = false;
  element('name').textContent = `${name}, ${size(blob.size)}`;
  sendButton.disabled = true;
  fillParams();
  void run(async (signal) => {
    const chosen = await method;
    const { needs } = chosen;
    const reading = await read({ blob, needs }, signal);
    const { fault, headers, paramPlaces, rows, texts } = reading;
    const beginning = await textOf(blob.slice(0, BEGINNING));
    signal.throwIfAborted();
    showFacts(reading, chosen, beginning);
    fillParams(paramPlaces && texts);
    await offerMethods(headers, change);
    if (fault !== undefined) offerTable(beginning, chosen, (table) => makeBody(taken, table));
    ready = { ...taken, method: chosen, reading };
    tell(fault === undefined ? `Read ${plural(rows, 'row')}.` : 'Read as far as it is JSON.');
    sendButton.disabled = false;
    showTables({ ...reading, name });
    const needed = needs.series.filter((one) => samplesOf(reading).some(({ name }) => name === one));
    const isShown = (one: string): boolean => needed.length === 0 || needed.includes(one);
    await plot(inputs, `Inputs of ${name}`, reading, 0, isShown, signal);
    await judge(ready);
  });
}

/** Shows the faults of a body with the params of the fields. */
async function judge(shown: Ready): Promise<void> {
  const { reading, method } = shown;
  const found = allFaults(reading, method.params, Object.fromEntries(changedParams()));
  showRefusal(reading, found);
  await showFaults(shown, found);
}

/** Replaces a table with the body made of it. */
function makeBody({ blob, name }: Body, table: Table): void {
  void run(async (signal) => {
    const made = await read<Blob>({ blob, table }, signal);
    const file = `${name.replace(/\.\w+$/, '')}.json`;
    take({ blob: made, name: file });
    element('made').hidden = false;
    element('made').onclick = () => save(made, file);
    // The button that had the focus is hidden now.
    element('file').focus();
  });
}

function clear(): void {
  for (const id of ['facts', 'made', 'fault', 'note', 'offer', 'table', 'plots', 'rows']) element(id).hidden = true;
  clearFaults();
  clearResponse();
  plots.clear();
  element('welcome').hidden = false;
}

function clearResponse(): void {
  for (const id of ['response', 'output']) element(id).hidden = true;
  answered = undefined;
  clearComparison();
  plots.clear(output);
}

/** Plots the series of a reading. @param firstColor the index of the first one's color */
async function plot(
  figure: HTMLElement,
  label: string,
  reading: Reading,
  firstColor: number,
  isShown: (name: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  if (reading.timeline.x.length === 0) return;
  figure.ariaLabel = label;
  element('welcome').hidden = true;
  element('plots').hidden = figure.hidden = false;
  await aTurn(signal);
  const series = samplesOf(reading).map((column, c) => {
    const color = `--series-${1 + ((firstColor + c) % SERIES_COLORS)}`;
    return { ...column, color, isShown: isShown(column.name) };
  });
  plots.show(figure, reading.timeline, series);
  outliersButton.hidden = plots.outliers === 0;
  outliersButton.textContent = `With ${plural(plots.outliers, 'outlier')}`;
  outliersButton.ariaPressed = String(plots.withOutliers);
  await aTurn(signal);
}

// Sending

function call(sent: Ready): void {
  // A disabled button would lose the focus.
  sendButton.ariaDisabled = 'true';
  clearResponse();
  const { name, method, reading: asked } = sent;
  // Removes the outputs of the last request.
  showTables({ ...asked, name });
  const params = changedParams();
  const body = asked.paramPlaces ? withParams(sent.blob, asked.paramPlaces, params) : sent.blob;
  const isFile = sent.blob instanceof File && params.length === 0;
  const words = paramsInWords();
  const sentAs = words === '' ? name : `${name} with ${words}`;
  const { href: url, pathname } = new URL(method.path, document.baseURI);
  void run(async (signal) => {
    const response = await send(url, body, key.value, signal);
    const reading = await read({ blob: response.body }, signal);
    await showCall({ url, isProtected: key.value !== '', body, name, isFile }).catch(tellFailure);
    signal.throwIfAborted();
    showResponse(response, reading);
    // Only the page says of a malformed body that it is compressed, or in another encoding.
    element('fault').hidden = asked.fault === undefined;
    element('belongs').textContent = `To ${sentAs}, sent to ${pathname} at ${new Date().toLocaleTimeString()}`;
    if (response.request.status === 401) {
      tell('This service wants a key: give one and send again.');
      element('key-field').hidden = false;
      key.focus();
    }
    const { error, log } = reading.texts;
    if (error === '0') clearFaults();
    else {
      const told = String(parsed(log));
      const found = allFaults(asked, method.params, Object.fromEntries(params));
      await showFaults(sent, withRefusal(found, Number(error), told), told, body);
    }
    if (reading.rows > 0) {
      showTables({ ...asked, name }, { ...reading, name: `Response to ${sentAs}` });
      await plot(output, `Output for ${sentAs}`, reading, method.needs.series.length, () => true, signal);
    }
    answered = reading;
    await showComparison(reading, signal);
  });
}

// Events

const takeFile = (blob: File): void => take({ blob, name: blob.name });
const takeText = (content: string, name = 'pasted.json'): void => take({ blob: new Blob([content]), name });

function takeTransfer(transfer: DataTransfer | null): void {
  const dropped = transfer?.files[0];
  const content = transfer?.getData('text') ?? '';
  if (dropped !== undefined) takeFile(dropped);
  else if (content !== '') takeText(content);
}

function compare(file?: File): void {
  compareWith(file);
  const response = answered;
  if (response !== undefined) void run((signal) => showComparison(response, signal));
}

onChosen(element('file'), takeFile);
onChosen(element('expected'), compare);
element('forget').addEventListener('click', () => {
  compare();
  element('expected').focus();
});
element('sample').addEventListener('click', () => {
  method.then(({ sample }) => takeText(JSON.stringify(sample), 'The sample')).catch(tellFailure);
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
element('params').addEventListener('input', () => {
  if (ready !== undefined) void judge(ready);
});
element('call').addEventListener('submit', (event) => {
  event.preventDefault();
  if (ready !== undefined && sendButton.ariaDisabled !== 'true') call(ready);
});
cancelButton.addEventListener('click', () => running?.abort(new DOMException('cancelled', 'AbortError')));
for (const button of element('views').querySelectorAll('button'))
  button.addEventListener('click', () => plots.act(button.value));
axes.addEventListener('change', () => plots.setOwnAxes(axes.checked));
const zoneButton = element<HTMLSelectElement>('zone');
zoneButton.options[1]?.append(` (${Intl.DateTimeFormat().resolvedOptions().timeZone})`);
zoneButton.addEventListener('change', () => {
  zone.isLocal = zoneButton.selectedIndex > 0;
  plots.redraw();
  document.dispatchEvent(new Event('zone'));
});
outliersButton.addEventListener('click', () => {
  plots.withOutliers = !plots.withOutliers;
  outliersButton.ariaPressed = String(plots.withOutliers);
  plots.act('Escape');
});
