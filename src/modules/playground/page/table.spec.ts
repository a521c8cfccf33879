import { describe, expect, it } from '@jest/globals';
import { bodyOfTable, tableIn, textOf } from './table.js';

describe('a table as text', () => {
  it('has a line of names above numbers', () => {
    expect(tableIn('date;e1_ts\n1;2')).toEqual({ separator: ';', names: ['date', 'e1_ts'] });
    expect(tableIn('sep=;\r\ndate;"e1;ts"\r\n01.02.2015;2,5')?.names).toEqual(['date', 'e1;ts']);
    expect(tableIn('date;10LBA20CT001\n2015-01-31;2')?.names).toEqual(['date', '10LBA20CT001']);
    expect(tableIn('date;"e1\n[°C]"\n1;2')?.names).toEqual(['date', 'e1\n[°C]']);
  });

  it.each([
    ['prose', 'Dear all, here it is.\nYours, somebody'],
    ['a table without names', '1420066800,1.5,2\n1420066801,1.5,2'],
    ['dates without names', '2015-01-31;1,5\n2015-02-01;1,5'],
    ['bytes of another kind', 'PK\u0003\u0004,a\n1,2'],
    ['JSON', '{"a":1,\n"b":2}'],
    ['nothing', ''],
  ])('is not %s', (_, text) => {
    expect(tableIn(text)).toBeUndefined();
  });

  it('becomes a body, with other texts than numbers unchanged', async () => {
    const columns = [['date', 0] as const, ['x', 2] as const];
    const text = 'Zeit\tA\tB\n1.2.2015 9:05:00\t0\t-1,5\n1422781501\t0\tn/a\n?\t0\t"a ""b"""\n';
    const made = await bodyOfTable(text, { separator: '\t', param: {}, columns }).text();
    expect(JSON.parse(made)).toEqual({
      param: {},
      scalar: {
        headers: ['date', 'x'],
        data: [
          [1_422_781_500, -1.5],
          [1_422_781_501, null],
          ['?', 'a "b"'],
        ],
      },
    });
  });

  it('may have line breaks in quotes, and quotes that are part of a text', async () => {
    const columns = [['date', 1] as const, ['x', 2] as const];
    const text = 'note;date;x\r\n"one\r\n""two"";";1;5\r\n3" pipe;2;6\r\n4" pipe;3;7\r\n"open;4;8\r\nplain;5;9';
    const made = await bodyOfTable(text, { separator: ';', param: {}, columns }).text();
    expect((JSON.parse(made) as { scalar: { data: unknown } }).scalar.data).toEqual([
      [1, 5],
      [2, 6],
      [3, 7],
      [4, 8],
      [5, 9],
    ]);
  });

  it('is decoded from Excel’s encodings', async () => {
    const texts = {
      utf16: [0xff, 0xfe, 0x61, 0, 0x3b, 0, 0xfc, 0],
      windows1252: [0x61, 0x3b, 0xfc],
      utf8: [0x61, 0x3b, 0xc3, 0xbc],
    };
    for (const bytes of Object.values(texts)) expect(await textOf(new Blob([Uint8Array.from(bytes)]))).toBe('a;ü');
  });
});
