import { DATE } from '../../../common/frame/frame.js';
import { secondsOf } from './format.js';

/** How a table becomes a body: its separator, the params, and the index of each column. */
export interface Table {
  readonly separator: string;
  readonly param: object;
  readonly columns: readonly (readonly [name: string, index: number])[];
}

/** The separator and the column names of a table, by its first two lines; undefined if they are not a table. */
export function tableIn(text: string): { readonly separator: string; readonly names: string[] } | undefined {
  const [head = '', first = ''] = linesOf(text);
  const widthOf = (line: string, one: string): number => fieldsOf(line, one).length;
  const isIn = (one: string): boolean => widthOf(head, one) > 1 && widthOf(head, one) === widthOf(first, one);
  const separator = [';', '\t', ','].find(isIn);
  if (separator === undefined || /^[[{]|[\0-\b]/.test(head)) return undefined;
  const [names, fields] = [fieldsOf(head, separator), fieldsOf(first, separator)];
  // A name may begin with a digit, as in 10LBA20CT001, and so does a date.
  const isTable = !names.some((name) => /^[-+]?[\d.,]+$/.test(name)) && fields.some((one) => /^[-+]?\d/.test(one));
  return isTable ? { separator, names } : undefined;
}

/** Makes a body of a table. A cell that is not a number becomes a string. */
export function bodyOfTable(text: string, { separator, param, columns }: Table): Blob {
  const rows = linesOf(text)
    .slice(1)
    .map((line) => {
      const fields = fieldsOf(line, separator);
      return `[${columns.map(([name, c]) => jsonOf(fields[c] ?? '', name === DATE, separator)).join()}]`;
    });
  const headers = JSON.stringify(columns.map(([name]) => name));
  const head = `{"param":${JSON.stringify(param)},"scalar":{"headers":${headers},"data":[\n`;
  return new Blob([head, rows.join(',\n'), '\n]}}\n']);
}

/** A line, which goes on within a quoted field. */
const LINE = /(?:[^"\r\n]+|(?<=(?:^|[;,\t]) *)"[^"]*(?:""[^"]*)*"(?= *(?:[;,\t\r\n]|$))|")+/gm;

/** The lines that are not empty, without the `sep=;` of Excel. */
const linesOf = (text: string): string[] => (text.match(LINE) ?? []).filter((line) => !/^(sep=.)?\s*$/i.test(line));

function fieldsOf(line: string, separator: string): string[] {
  const field = new RegExp(`(?:^|${separator})\\s*(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  const fields = line.includes('"')
    ? Array.from(line.matchAll(field), ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain)
    : line.split(separator);
  return fields.map((one) => one.trim());
}

/** The text of a file, also of Excel's encodings. It may end within a character. */
export async function textOf(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const mark = bytes.subarray(0, 2).join();
  const encoding = mark === '255,254' ? 'utf-16le' : mark === '254,255' ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** A comma that is not the separator is a decimal point. */
function jsonOf(field: string, isDate: boolean, separator: string): string {
  if (/^(|nan|null|n\/?a)$/i.test(field)) return 'null';
  const number = Number(separator === ',' ? field : field.replace(',', '.'));
  if (Number.isFinite(number)) return String(number);
  // 31.12.2015, as in Central Europe.
  const iso = field.replace(/^(\d\d?)\.(\d\d?)\.(\d{4})/, '$3-$2-$1').replace(/-(\d)(?=[-\s]|$)/g, '-0$1');
  const seconds = isDate && /^\d{4}-\d\d/.test(iso) ? secondsOf(iso) : NaN;
  return Number.isNaN(seconds) ? JSON.stringify(field) : String(seconds);
}
