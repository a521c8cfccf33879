import { element, make } from './dom.js';
import { milliseconds } from './format.js';

const STEPS = { reading: 'Reading', sending: 'Sending', receiving: 'Response', plotting: 'Plotting' };
type Step = keyof typeof STEPS;

for (const [id, name] of Object.entries(STEPS)) {
  const bar = make('progress', '', { max: 1, value: 0, ariaLabel: name });
  element('steps').append(make('li', [new Text(name), bar, make('span', '')], { id }));
}

/** Says in one line what the page does or has done. */
export function tell(status: string): void {
  element('status').textContent = status;
}

export const tellFailure = (error: unknown): void => tell(`Failed: ${(error as Error).message}`);

/** @param part from 0 to 1; undefined where it is not known */
export function showStep(step: Step, part: number | undefined, note?: string): void {
  element('steps').hidden = false;
  const [bar, noted] = element(step).querySelectorAll<HTMLElement>('progress, span');
  if (part === undefined) bar?.removeAttribute('value');
  else bar?.setAttribute('value', String(part));
  noted?.replaceChildren(note ?? (part === undefined ? '' : `${Math.round(part * 100)} %`));
}

/** Bars whose end is not known would move for ever. */
export function stopSteps(): void {
  for (const bar of document.querySelectorAll('progress:indeterminate')) bar.setAttribute('value', '0');
}

/** Runs a step to its end, and shows how long it took. */
export async function timed<T>(
  step: Step,
  work: (progress: (part: number) => void) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  showStep(step, 0);
  const result = await work((part) => showStep(step, part));
  showStep(step, 1, milliseconds(performance.now() - startedAt));
  return result;
}
