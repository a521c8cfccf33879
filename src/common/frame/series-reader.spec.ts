import { describe, expect, it } from '@jest/globals';
import { withParams } from './body-params.js';
import { readSeries, seriesOf, type Needs, type Series } from './series-reader.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const SCALE: Needs = { params: ['scale'], series: [], optional: [] };
const read = (text: string): Series => seriesOf(bytesOf(text), SCALE);
const column = (...values: number[]): Float64Array => Float64Array.from(values);
const valuesOf = ({ columns }: Series): Float64Array[] => columns.map(({ values }) => values);

const BODY =
  '{ "param": {"mode": [1, {"scale": 3}], "scale": 2.50}, "scalar": {"headers": ["date", "é \\"1"],\r\n "data": [ [1, 2.5], [2, NaN] ,\r\n [3, null], [-4e-1, 1e999] ] }, "more": {"data": [[7, 7]]} }';

describe('a body that is read', () => {
  it('has its columns, and the texts of a few values', () => {
    const series = read(BODY);
    expect(series.fault).toBeUndefined();
    expect(valuesOf(series)).toEqual([column(1, 2, 3, -0.4), column(2.5, NaN, NaN, NaN)]);
    expect(series.texts).toEqual({ 'param.scale': '2.50', 'scalar.headers': '["date", "é \\"1"]' });
  });

  it('has the start of each row, and the end of the last', () => {
    const bytes = bytesOf(BODY);
    const { rowStarts, rows } = seriesOf(bytes);
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
    const series = read('{"scalar":{"data":[[1,2]],"headers":["date","x"]},"param":{"scale":1}}');
    expect(valuesOf(series)).toEqual([column(1), column(2)]);
    expect(series.texts).toEqual({ 'scalar.headers': '["date","x"]', 'param.scale': '1' });
  });

  it('keeps the needed columns, wherever they are, and the first others', () => {
    const names = Array.from({ length: 40 }, (_, c) => (c === 30 ? 'date' : c === 39 ? 'e1' : `c${c}`));
    const row = names.map((_, c) => c);
    const scalars = [
      { headers: names, data: [row, []] },
      { data: [row, []], headers: names },
    ];
    for (const scalar of scalars) {
      const { columns } = seriesOf(bytesOf(JSON.stringify({ scalar })), {
        ...SCALE,
        series: ['e1', 'e2'],
        optional: ['e2'],
      });
      const kept = [30, 39, ...row.slice(0, 14)];
      expect(columns).toEqual(kept.map((index) => ({ name: names[index], values: column(index, NaN) })));
    }
  });

  it('keeps all columns of a response, and finds its first invalid row', () => {
    const headers = ['date', ...Array.from({ length: 40 }, (_, c) => `c${c}`)];
    const row = headers.map((_, c) => c);
    const read = (...data: unknown[]) => seriesOf(bytesOf(JSON.stringify({ scalar: { headers, data } })));
    expect(read(row, row.fill(NaN, 3)).columns.map(({ name }) => name)).toEqual(headers);
    expect(read(row, row).oddRow).toBeUndefined();
    expect(read(row, row.slice(1)).oddRow).toBe(1);
    expect(read(row, row, ['1', ...row.slice(1)], 7).oddRow).toBe(2);
  });

  it('may have rows of any kind', () => {
    const series = read('{"scalar":{"data":[["NaN","a\\"NaN"],7,{"a":1},[],[1,[2]],[3,4,true,5],null]}}');
    expect(series.rows).toBe(7);
    expect(valuesOf(series)).toEqual([
      column(NaN, NaN, NaN, NaN, 1, 3, NaN),
      column(NaN, NaN, NaN, NaN, NaN, 4, NaN),
      column(NaN, NaN, NaN, NaN, NaN, NaN, NaN),
      column(NaN, NaN, NaN, NaN, NaN, 5, NaN),
    ]);
  });

  it('keeps columns of numbers rather than those that begin with a text', () => {
    const names = ['date', ...Array.from({ length: 40 }, (_, c) => `${c < 30 ? 'text' : 'number'}${c}`)];
    const row = names.map((name, c) => (name.startsWith('text') ? 'a' : c));
    const { columns } = read(JSON.stringify({ scalar: { headers: names, data: [row] } }));
    const numbers = columns.filter(({ name }) => name.startsWith('number'));
    expect([columns.length, columns[1]?.name, numbers.length]).toEqual([16, 'text0', 10]);
  });

  it('may have no rows, or many', () => {
    expect(read('{"scalar":{"data":[]}}')).toMatchObject({ rows: 0, columns: [] });
    const many = Array.from({ length: 5000 }, (_, row) => [row, row / 3]);
    const { rows, columns } = read(JSON.stringify({ scalar: { data: many } }));
    expect(rows).toBe(5000);
    expect(columns[1]?.values).toEqual(Float64Array.from(many, ([, value]) => value as number));
  });

  it('may be longer than a parsed chunk, and so may a row', () => {
    const long = `[9, "${'x'.repeat(5 << 20)}"]`;
    const bytes = bytesOf(`{"scalar":{"data":[[1,2],${long},[3,4]]}}`);
    const series = seriesOf(bytes);
    expect(series.rows).toBe(3);
    expect(valuesOf(series)).toEqual([column(1, 9, 3), column(2, NaN, 4)]);
    const parts = [...readSeries(bytes)];
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(parts.at(-1)).toBe(1);
  });

  it.each([
    ['', 'it is empty'],
    ['date;e1_ts', 'unexpected "d" at byte 0'],
    ['{"scalar":{"data":[[1,2],[3;4]]}}', 'unexpected ";" at byte 27'],
    ['{"scalar":{"data":[[1,2],[3', 'unexpected end after 27 bytes'],
    ['{"scalar":{"data":[[1,2]]}} ]', 'unexpected text after its end at byte 28'],
  ])('that is not JSON gets the reason: %s', (text, fault) => {
    expect(read(text).fault).toBe(fault);
  });

  it('that is another format is named', () => {
    expect(seriesOf(Uint8Array.of(0x1f, 0x8b, 8, 0)).fault).toBe('it is compressed by gzip');
    expect(seriesOf(Uint8Array.of(0xff, 0xfe, 0x7b, 0)).fault).toBe('UTF-16, not UTF-8: byte 0xff at byte 0');
  });

  it('keeps the rows before a fault', () => {
    expect(valuesOf(read('{"scalar":{"data":[[1,2],[3;4]]}}'))).toEqual([column(1), column(2)]);
  });
});

describe('the places of params', () => {
  const put = async (text: string, params: Record<string, string>) => {
    const needs = { ...SCALE, params: Object.keys(params) };
    const { paramPlaces } = seriesOf(bytesOf(text), needs);
    if (paramPlaces === undefined) return undefined;
    return withParams(new Blob([text]), paramPlaces, Object.entries(params)).text();
  };

  it.each([
    ['{"é":1,"param":{"scale": 2.5 , "a":1}}', '{"é":1,"param":{"scale": 7 , "a":1}}'],
    ['{"param":{"a":{"scale":1}},"b":1}', '{"param":{"scale":7,"a":{"scale":1}},"b":1}'],
    ['{"param":{ },"b":1}', '{"param":{"scale":7 },"b":1}'],
    ['{"b":1}', '{"param":{"scale":7},"b":1}'],
    [' {}', ' {"param":{"scale":7}}'],
  ])('are found or made in %s', async (text, changed) => {
    expect(await put(text, { scale: '7' })).toBe(changed);
    expect(() => JSON.parse(changed) as unknown).not.toThrow();
  });

  it('may be several, even if the body has only some of them', async () => {
    const text = '{"param":{"b":[1],"x":0,"a":1}}';
    expect(await put(text, { a: '2', b: '[]', c: 'true', 'd"': 'null' })).toBe(
      '{"param":{"c":true,"d\\"":null,"b":[],"x":0,"a":2}}',
    );
  });

  it.each(['[]', '{"param":[1]}', '{"param":null}', '{"a":', ''])('do not exist in %s', async (text) => {
    expect(await put(text, { scale: '7' })).toBeUndefined();
  });
});
