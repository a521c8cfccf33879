import { ERROR_CODES } from '../../../common/errors/error-codes.js';
import { element, save, tableRow, tell } from './dom.js';
import { count, duration, plural, size } from './format.js';
import { type Reading } from './read.js';
import { type Received } from './send.js';

export function showResponse({ request, body, ms }: Received, { texts, fault, rows }: Reading): void {
  const { status } = request;
  const [error, log] = [parsed(texts.error), parsed(texts.log)];
  const isGood = error === 0 && fault === undefined;
  const [code, meaning] = isGood ? ['0 · success', ''] : meaningOf(error);
  const neverFits = status === 413 ? ' It will never fit: sending it again changes nothing.' : '';
  countDown(status === 503 ? Number(request.getResponseHeader('Retry-After') ?? NaN) : NaN);
  element('response').hidden = false;
  element('response').classList.toggle('refused', !isGood);
  element('code').textContent = code;
  element('http').textContent = `HTTP ${status}`;
  element('meaning').textContent = meaning + neverFits;
  element('log').textContent = typeof log === 'string' ? log : (fault ?? '');
  // Such as `receive;dur=1.5, decode;dur=2`, see https://www.w3.org/TR/server-timing/.
  const timings = request.getResponseHeader('Server-Timing')?.matchAll(/([\w-]+)\s*;\s*dur=([\d.]+)/g) ?? [];
  const facts = [
    ...(isGood ? [['Rows', count(rows)]] : []),
    ['Response', size(body.size)],
    ...Array.from(timings, ([, part, took]) => [`Service: ${part}`, duration(Number(took) / 1e3)]),
    ['Call, as the browser saw it', duration(ms / 1e3)],
  ] as [string, string][];
  element('numbers').replaceChildren(...facts.map(([name, value]) => tableRow(name, [value])));
  element('download').onclick = () => save(body, 'response.json');
  tell(`Answered: ${isGood ? String(log) : code}.`);
}

function meaningOf(error: unknown): [code: string, meaning: string] {
  const [name, known] = Object.entries(ERROR_CODES).find(([, { code }]) => code === error) ?? [];
  if (typeof error === 'number') return [`${error} · ${name ?? 'an error of this method'}`, known?.when ?? ''];
  const meaning = 'What came is not in the form of the contract; something between may have answered.';
  return ['not a response of the service', meaning];
}

let ticking = 0;

function countDown(seconds: number): void {
  clearTimeout(ticking);
  element('retry').hidden = Number.isNaN(seconds);
  element('retry').textContent = seconds > 0 ? `Send again in ${plural(seconds, 'second')}.` : 'Send again now.';
  if (seconds > 0) ticking = setTimeout(() => countDown(seconds - 1), 1000);
}

export const parsed = (json: string | undefined): unknown => (json === undefined ? undefined : JSON.parse(json));
