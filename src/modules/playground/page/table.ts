/** A table as text, and which of its columns become which of a body. */
export interface Table {
  readonly separator: string;
  /** By the name that the body's column gets, the index of the table's. */
  readonly columns: ReadonlyMap<string, number>;
}

/** Text from which it can be told whether it is a table. */
const BEGINNING = 1 << 16;

/** How many lines of a body are made at a time. */
const LINES = 50_000;

/** The separator and the names of a table's columns; undefined where the text is none. */
export async function tableIn(
  blob: Blob,
): Promise<{ readonly separator: string; readonly names: readonly string[] } | undefined> {
  const [head = '', first = ''] = linesOf(await blob.slice(0, BEGINNING).text());
  for (const separator of [';', '\t', ',']) {
    const names = fieldsOf(head, separator);
    if (names.length > 1 && !/^[[{]/.test(head) && fieldsOf(first, separator).length === names.length)
      return { separator, names };
  }
  return undefined;
}

/** The parts of a body's text. What is no number goes into it as the text that it is. */
export function bodyParts(text: string, { separator, columns }: Table): string[] {
  const lines = linesOf(text).slice(1);
  const headers = JSON.stringify([...columns.keys()]);
  const parts = [`{"param":{"scale":1},"scalar":{"headers":${headers},"data":[`];
  for (let i = 0; i < lines.length; i += LINES) {
    const rows = lines.slice(i, i + LINES).map((line) => {
      const fields = fieldsOf(line, separator);
      const cells = Array.from(columns, ([name, c]) => jsonOf(fields[c] ?? '', name === 'date', separator));
      return `[${cells.join()}]`;
    });
    parts.push((i === 0 ? '\n' : ',\n') + rows.join(',\n'));
  }
  return [...parts, '\n]}}\n'];
}

const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== '');

function fieldsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator).map((field) => field.trim());
  const field = new RegExp(`(?:^|${separator})\\s*(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  return Array.from(line.matchAll(field), ([, quoted, plain = '']) =>
    (quoted?.replaceAll('""', '"') ?? plain).trim(),
  );
}

/** A date without a zone is in UTC; where no comma parts the fields it may stand for a decimal point. */
function jsonOf(field: string, isDate: boolean, separator: string): string {
  if (/^(|nan|null|n\/?a)$/i.test(field)) return 'null';
  const number = Number(separator === ',' ? field : field.replace(',', '.'));
  if (Number.isFinite(number)) return String(number);
  const zoned = /[T ]\d+:[^Z+-]*$/.test(field) ? `${field.replace(' ', 'T')}Z` : field;
  const seconds = isDate && /^\d{4}-\d\d/.test(field) ? Date.parse(zoned) / 1000 : NaN;
  return Number.isNaN(seconds) ? JSON.stringify(field) : String(seconds);
}
