import { LEVELS } from './cases.js';
import { type Finding } from './check.js';

/** So much of a body or an answer is shown. */
const SHOWN_BYTES = 400;
/** Shortened, and without what a terminal would take for a command. */
function shown(text: string): string {
  const part = text
    .slice(0, SHOWN_BYTES)
    .replace(/[^\P{C}\n]/gu, (control) => JSON.stringify(control).slice(1, -1));
  return text.length <= SHOWN_BYTES ? part : `${part}… (${text.length} characters)`;
}

/** For a person: each case, then what does not hold with what was sent and what came, then the sum of each level. */
export function table(findings: readonly Finding[]): string {
  const lines: string[] = [];
  for (const { case: one, faults } of findings)
    lines.push(`${faults.length === 0 ? 'holds' : 'FAILS'}  ${one.level.padEnd(8)}  ${one.name}`);
  for (const { case: one, faults, sent, answer } of findings.filter(({ faults }) => faults.length > 0))
    lines.push(
      '',
      `${one.name} (${one.level})`,
      ...faults.map((fault) => `  ${fault}`),
      `  sent: ${shown(sent.toString())}`,
      `  got: ${answer === undefined ? 'no whole answer' : `${answer.status} ${shown(answer.text)}`}`,
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
    cases: findings.map(({ case: { name, level }, faults, sent, answer }) => ({
      name,
      level,
      holds: faults.length === 0,
      ...(faults.length > 0 && {
        faults,
        sent: shown(sent.toString()),
        answer: answer && { ...answer, text: shown(answer.text) },
      }),
    })),
  };
}
