import { describe, expect, it } from '@jest/globals';
import { readSeries, type Series } from './series-reader.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const read = (text: string): Series => readSeries(bytesOf(text));
const column = (...values: number[]): Float64Array => Float64Array.from(values);

const BODY =
  '{ "param": {"mode": [1, {"scale": 3}], "scale": 2.50}, "scalar": {"headers": ["date", "é \\"1"],\r\n "data": [ [1, 2.5], [2, NaN] ,\r\n [3, null], [-4e-1, 1e999] ] }, "more": {"data": [[7, 7]]} }';

describe('a body that is read', () => {
  it('has its columns, and the texts of a few values', () => {
    const series = read(BODY);
    expect(series.fault).toBeUndefined();
    expect(series.columns).toEqual([column(1, 2, 3, -0.4), column(2.5, NaN, NaN, NaN)]);
    expect(series.texts).toEqual({ 'param.scale': '2.50', 'scalar.headers': '["date", "é \\"1"]' });
  });

  it('tells where each row begins, and where the last ends', () => {
    const bytes = bytesOf(BODY);
    const { rowStarts, rows } = readSeries(bytes);
    const texts = Array.from({ length: rows }, (_, row) =>
      new TextDecoder().decode(bytes.subarray(rowStarts[row], rowStarts[row + 1])),
    );
    expect(texts.map((text) => text.replace(/[\s,]+$/, ''))).toEqual([
      '[1, 2.5]',
      '[2, NaN]',
      '[3, null]',
      '[-4e-1, 1e999]',
    ]);
  });

  it('may have its keys in another order', () => {
    const { columns, texts } = read('{"scalar":{"data":[[1,2]],"headers":["date","x"]},"param":{"scale":1}}');
    expect(columns).toEqual([column(1), column(2)]);
    expect(texts).toEqual({ 'scalar.headers': '["date","x"]', 'param.scale': '1' });
  });

  it('keeps the columns that are needed, wherever they stand, and the first others', () => {
    const names = Array.from({ length: 40 }, (_, c) => (c === 30 ? 'date' : c === 39 ? 'e1' : `c${c}`));
    const row = names.map((_, c) => c);
    const scalars = [
      { headers: names, data: [row, []] },
      { data: [row, []], headers: names },
    ];
    for (const scalar of scalars) {
      const { columns, indices } = readSeries(bytesOf(JSON.stringify({ scalar })), ['e1', 'e2']);
      expect(indices).toEqual([...row.slice(0, 14), 30, 39]);
      expect(columns).toEqual(indices.map((index) => column(index, NaN)));
    }
  });

  it('may hold rows of any kind', () => {
    const { rows, columns } = read(
      '{"scalar":{"data":[["NaN","a\\"NaN"],7,{"a":1},[],[1,[2]],[3,4,true,5],null]}}',
    );
    expect(rows).toBe(7);
    expect(columns).toEqual([
      column(NaN, NaN, NaN, NaN, 1, 3, NaN),
      column(NaN, NaN, NaN, NaN, NaN, 4, NaN),
      column(NaN, NaN, NaN, NaN, NaN, NaN, NaN),
      column(NaN, NaN, NaN, NaN, NaN, 5, NaN),
    ]);
  });

  it('may hold no rows, or many', () => {
    expect(read('{"scalar":{"data":[]}}')).toMatchObject({ rows: 0, columns: [] });
    const many = Array.from({ length: 5000 }, (_, row) => [row, row / 3]);
    const { rows, columns } = read(JSON.stringify({ scalar: { data: many } }));
    expect(rows).toBe(5000);
    expect(columns[1]).toEqual(Float64Array.from(many, ([, value]) => value as number));
  });

  it('may be longer than what is parsed at a time, and so may a row', () => {
    const long = `[9, "${'x'.repeat(5 << 20)}"]`;
    const parts: number[] = [];
    const bytes = bytesOf(`{"scalar":{"data":[[1,2],${long},[3,4]]}}`);
    const { rows, columns } = readSeries(bytes, [], (part) => parts.push(part));
    expect(rows).toBe(3);
    expect(columns).toEqual([column(1, 9, 3), column(2, NaN, 4)]);
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(parts.at(-1)).toBe(1);
  });

  it.each([
    ['', 'it is empty'],
    ['date;e1_ts', 'unexpected "d" at byte 0'],
    ['{"scalar":{"data":[[1,2],[3;4]]}}', 'unexpected ";" at byte 27'],
    ['{"scalar":{"data":[[1,2],[3', 'unexpected end after 27 bytes'],
    ['{"scalar":{"data":[[1,2]]}} ]', 'unexpected text after its end at byte 28'],
  ])('that is not JSON is told from: %s', (text, fault) => {
    expect(read(text).fault).toBe(fault);
  });

  it('that is taken for JSON by mistake is called what it is', () => {
    expect(readSeries(Uint8Array.of(0x1f, 0x8b, 8, 0)).fault).toBe('it is compressed by gzip');
    expect(readSeries(Uint8Array.of(0xff, 0xfe, 0x7b, 0)).fault).toBe(
      'UTF-16, not UTF-8: byte 0xff at byte 0',
    );
  });

  it('keeps the rows before a fault', () => {
    expect(read('{"scalar":{"data":[[1,2],[3;4]]}}').columns).toEqual([column(1), column(2)]);
  });
});

describe('the place of a scale', () => {
  const put = (text: string, scale: string): string | undefined => {
    const { scaleSlot } = read(text);
    if (scaleSlot === undefined) return undefined;
    const { start, end, before, after } = scaleSlot;
    const bytes = bytesOf(text);
    const part = (from: number, to?: number) => new TextDecoder().decode(bytes.subarray(from, to));
    return part(0, start) + before + scale + after + part(end);
  };

  it.each([
    ['{"é":1,"param":{"scale": 2.5 , "a":1}}', '{"é":1,"param":{"scale": 7 , "a":1}}'],
    ['{"param":{"a":{"scale":1}},"b":1}', '{"param":{"scale":7,"a":{"scale":1}},"b":1}'],
    ['{"param":{ },"b":1}', '{"param":{"scale":7 },"b":1}'],
    ['{"b":1}', '{"param":{"scale":7},"b":1}'],
    [' {}', ' {"param":{"scale":7}}'],
  ])('is found or made in %s', (text, changed) => {
    expect(put(text, '7')).toBe(changed);
    expect(() => JSON.parse(changed) as unknown).not.toThrow();
  });

  it.each(['[]', '{"param":[1]}', '{"param":null}', '{"a":', ''])('is not there in %s', (text) => {
    expect(put(text, '7')).toBeUndefined();
  });
});
