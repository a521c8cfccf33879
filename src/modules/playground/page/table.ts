import { DATE } from '../../../common/frame/frame.js';

/** Which columns of a table as text become which of a body. */
export interface Table {
  readonly separator: string;
  readonly columns: readonly (readonly [name: string, index: number])[];
}

/** The separator and the names of a table's columns by its first lines; undefined where the text is no table. */
export function tableIn(text: string): { readonly separator: string; readonly names: string[] } | undefined {
  const [head = '', first = ''] = linesOf(text);
  const separator = [';', '\t', ','].find((one) => {
    const { length } = fieldsOf(head, one);
    return length > 1 && length === fieldsOf(first, one).length;
  });
  if (separator === undefined || /^[[{]/.test(head)) return undefined;
  return { separator, names: fieldsOf(head, separator) };
}

/** A body of a table. What is no number goes into it as the text that it is. */
export function bodyOfTable(text: string, { separator, columns }: Table): Blob {
  const rows = linesOf(text)
    .slice(1)
    .map((line) => {
      const fields = fieldsOf(line, separator);
      return `[${columns.map(([name, c]) => jsonOf(fields[c] ?? '', name === DATE, separator)).join()}]`;
    });
  const headers = JSON.stringify(columns.map(([name]) => name));
  const head = `{"param":{"scale":1},"scalar":{"headers":${headers},"data":[\n`;
  return new Blob([head, rows.join(',\n'), '\n]}}\n']);
}

const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== '');

function fieldsOf(line: string, separator: string): string[] {
  const field = new RegExp(`(?:^|${separator})\\s*(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  const fields = line.includes('"')
    ? Array.from(line.matchAll(field), ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain)
    : line.split(separator);
  return fields.map((one) => one.trim());
}

/** Where no comma parts the fields it may be a decimal point. A date without a zone is in UTC. */
function jsonOf(field: string, isDate: boolean, separator: string): string {
  if (/^(|nan|null|n\/?a)$/i.test(field)) return 'null';
  const number = Number(separator === ',' ? field : field.replace(',', '.'));
  if (Number.isFinite(number)) return String(number);
  const zoned = /[T ]\d+:[^Z+-]*$/.test(field) ? `${field.replace(' ', 'T')}Z` : field;
  const seconds = isDate && /^\d{4}-\d\d/.test(field) ? Date.parse(zoned) / 1000 : NaN;
  return Number.isNaN(seconds) ? JSON.stringify(field) : String(seconds);
}
