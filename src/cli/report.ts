import { LEVELS, type Level } from './cases.js';
import { type Finding } from './check.js';
import { shown } from './terminal.js';

/** How much of a body or a response is shown. */
const SHOWN_CHARACTERS = 400;

const WIDTH = Math.max(...LEVELS.map(({ length }) => length));

/** What it means for KASEM if a case of a level fails. */
const MEANS: Readonly<Record<Level, string>> = {
  documented: 'KASEM cannot rely on this endpoint: for valid data its results differ from the example.',
  contract:
    'KASEM can use this endpoint for valid data. For invalid data it may show a wrong result, or an error without a reason.',
  robust:
    'KASEM can use this endpoint. Unusual clients, damaged bodies and proxies may get responses that cannot be read.',
};

const excerpt = (text: string): string => shown(text, SHOWN_CHARACTERS);

/** The line that is printed after each case. */
export const line = ({ case: one, faults }: Finding): string =>
  `${faults.length === 0 ? 'holds' : 'FAILS'}  ${one.level.padEnd(WIDTH)}  ${one.name}`;

/** For a person: failed cases with body and response, the counts of each level, and what the lowest failing level means. */
export function summary(findings: readonly Finding[]): string {
  const lines: string[] = [];
  for (const { case: one, faults, sent, response } of findings.filter(({ faults }) => faults.length > 0))
    lines.push(
      '',
      `${one.name} (${one.level})`,
      ...faults.map((fault) => `  ${fault}`),
      `  sent: ${excerpt(sent.toString())}`,
      `  got: ${response === undefined ? 'no response' : `${response.status ?? 'not the whole of'} ${excerpt(response.text)}`}`,
    );
  lines.push('');
  const failing: Level[] = [];
  for (const level of LEVELS) {
    const all = findings.filter(({ case: one }) => one.level === level);
    const holding = all.filter(({ faults }) => faults.length === 0).length;
    if (all.length > 0) lines.push(`${level.padEnd(WIDTH)}  ${holding} of ${all.length} hold`);
    if (holding < all.length) failing.push(level);
  }
  // The lowest failing level decides.
  if (failing[0] !== undefined) lines.push('', `${failing[0]} fails: ${MEANS[failing[0]]}`);
  return lines.join('\n');
}

/** For a program. */
export function report(url: URL, findings: readonly Finding[]): object {
  return {
    url: url.href,
    cases: findings.map(({ case: { name, level }, faults, sent, response }) => ({
      name,
      level,
      holds: faults.length === 0,
      ...(faults.length > 0 && {
        faults,
        sent: excerpt(sent.toString()),
        response: response && { ...response, text: excerpt(response.text) },
      }),
    })),
  };
}
