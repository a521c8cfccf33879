import { LEVELS } from './cases.js';
import { type Finding } from './check.js';
import { shown } from './terminal.js';

/** So much of a body or a response is shown. */
const SHOWN_CHARACTERS = 400;

const excerpt = (text: string): string => shown(text, SHOWN_CHARACTERS);

/** For a person, as soon as it is known. */
export const line = ({ case: one, faults }: Finding): string =>
  `${faults.length === 0 ? 'holds' : 'FAILS'}  ${one.level.padEnd(8)}  ${one.name}`;

/** For a person: what does not hold with what was sent and what came, then the sum of each level. */
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
  for (const level of LEVELS) {
    const all = findings.filter(({ case: one }) => one.level === level);
    if (all.length > 0)
      lines.push(
        `${level.padEnd(8)}  ${all.filter(({ faults }) => faults.length === 0).length} of ${all.length} hold`,
      );
  }
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
