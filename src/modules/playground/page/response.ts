import { ERROR_CODES } from '../../../common/errors/error-codes.js';
import { element, make, tableRow } from './dom.js';
import { count, milliseconds, plural, size } from './format.js';
import { tell } from './progress.js';
import { type Column, type Reading } from './read.js';
import { type Response } from './send.js';

/** @param inputs those of the body, whose missing samples are counted as well */
export function showResponse(response: Response, reading: Reading, inputs: readonly Column[]): void {
  const [error, log] = [parsed(reading.texts.error), parsed(reading.texts.log)];
  const isGood = error === 0 && reading.fault === undefined;
  const [code, meaning] = isGood ? ['0 · success', ''] : meaningOf(error);
  countDown(response.status === 503 ? response.retryAfter : NaN);
  element('response').hidden = false;
  element('response').classList.toggle('refused', !isGood);
  element('code').textContent = code;
  element('http').textContent = `HTTP ${response.status}`;
  element('meaning').textContent =
    response.status === 413 ? `${meaning} It will never fit: sending it again changes nothing.` : meaning;
  element('log').textContent = typeof log === 'string' ? log : (reading.fault ?? '');
  const columns = [...(isGood ? inputs : []), ...reading.samples];
  element('numbers').replaceChildren(
    ...(isGood ? [fact('Rows', count(reading.rows))] : []),
    ...columns.map(({ name, missing }) => fact(`Missing in ${name}`, count(missing))),
    fact('Response', size(response.body.size)),
    ...response.timings.map(([part, took]) => fact(`Service: ${part}`, milliseconds(took))),
    fact('Call, as the browser saw it', milliseconds(response.ms)),
  );
  element<HTMLAnchorElement>('download').href = URL.createObjectURL(response.body);
  tell(isGood ? `Answered: ${String(log)}.` : `Answered: error ${String(error)}.`);
}

function meaningOf(error: unknown): [code: string, meaning: string] {
  const [name, known] = Object.entries(ERROR_CODES).find(([, { code }]) => code === error) ?? [];
  const meaning =
    known?.when ?? 'What came is not in the form of the contract; something between may have answered.';
  if (typeof error !== 'number') return ['no response of the service', meaning];
  return [`${error} · ${name ?? 'an error of this method'}`, meaning];
}

let ticking = 0;

/** Says when to send again, second by second. */
function countDown(seconds: number): void {
  clearTimeout(ticking);
  const retry = element('retry');
  retry.hidden = Number.isNaN(seconds);
  retry.textContent = seconds > 0 ? `Send again in ${plural(seconds, 'second')}.` : 'Send again now.';
  if (seconds > 0) ticking = setTimeout(() => countDown(seconds - 1), 1000);
}

const fact = (name: string, value: string): HTMLElement => tableRow(name, [make('td', value)]);

export const parsed = (json: string | undefined): unknown =>
  json === undefined ? undefined : JSON.parse(json);
