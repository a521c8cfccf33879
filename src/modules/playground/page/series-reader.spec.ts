import { describe, expect, it } from '@jest/globals';
import { along, cellsOf, SeriesReader, timelineOf, type Series } from './series-reader.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function readBytes(bytes: Uint8Array, chunk = bytes.length): Series {
  const reader = new SeriesReader();
  for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk));
  return reader.finish();
}

const read = (text: string, chunk?: number): Series => readBytes(bytesOf(text), chunk);
const column = (...values: number[]): Float64Array => Float64Array.from(values);

const BODY =
  '{ "param": {"mode": [1, {"scale": 3}], "scale": 2.50}, "scalar": {"headers": ["date", "é \\"1"],\r\n "data": [ [1, 2.5], [2, NaN] ,\r\n [3, null], [-4e-1, 1e999] ] }, "more": {"data": [[7, 7]]} }';

describe('a body that is read', () => {
  it.each([1, 2, 3, 7, 64, 1000])('is the same in chunks of %i bytes', (chunk) => {
    const series = read(BODY, chunk);
    expect(series).toEqual(read(BODY));
    expect(series.fault).toBeUndefined();
    expect(series.columns).toEqual([column(1, 2, 3, -0.4), column(2.5, NaN, NaN, NaN)]);
    expect(series.texts).toEqual({ 'param.scale': '2.50', 'scalar.headers': '["date", "é \\"1"]' });
  });

  it('tells where each row begins, and where the last ends', () => {
    const bytes = bytesOf(BODY);
    const { rowStarts, rows } = readBytes(bytes, 5);
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
    const { columns, texts } = read(
      '{"scalar":{"data":[[1,2]],"headers":["date","x"]},"param":{"scale":1}}',
      3,
    );
    expect(columns).toEqual([column(1), column(2)]);
    expect(texts).toEqual({ 'scalar.headers': '["date","x"]', 'param.scale': '1' });
  });

  it('may hold rows of any kind', () => {
    const { rows, columns } = read(
      '{"scalar":{"data":[["NaN","a\\"NaN"],7,{"a":1},[],[1,[2]],[3,4,true,5],null]}}',
      4,
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
    const { rows, columns } = read(JSON.stringify({ scalar: { data: many } }), 1000);
    expect(rows).toBe(5000);
    expect(columns[1]).toEqual(Float64Array.from(many, ([, value]) => value as number));
  });

  it('may hold a row that is longer than what is kept, which is then empty', () => {
    const long = `[9, "${'x'.repeat(5 << 20)}"]`;
    const { rows, columns } = read(`{"scalar":{"data":[[1,2],${long},[3,4]]}}`, 1 << 20);
    expect(rows).toBe(3);
    expect(columns).toEqual([column(1, NaN, 3), column(2, NaN, 4)]);
  });

  it.each([
    ['', 'it is empty'],
    ['date;e1_ts', 'unexpected "d" at byte 0'],
    ['{"scalar":{"data":[[1,2],[3;4]]}}', 'unexpected ";" at byte 27'],
    ['{"scalar":{"data":[[1,2],[3', 'unexpected end after 27 bytes'],
    ['{"scalar":{"data":[[1,2]]}} ]', 'unexpected text after its end at byte 28'],
  ])('that is not JSON is told from: %s', (text, fault) => {
    for (const chunk of [1, 5, 100]) expect(read(text, chunk).fault).toBe(fault);
  });

  it('that is taken for JSON by mistake is called what it is', () => {
    expect(readBytes(Uint8Array.of(0x1f, 0x8b, 8, 0)).fault).toBe('it is compressed by gzip');
    expect(readBytes(Uint8Array.of(0xff, 0xfe, 0x7b, 0)).fault).toBe(
      'UTF-16, not UTF-8: byte 0xff at byte 0',
    );
  });

  it('keeps the rows before a fault', () => {
    expect(read('{"scalar":{"data":[[1,2],[3;4]]}}').columns).toEqual([column(1), column(2)]);
  });
});

describe('the place of a scale', () => {
  const put = (text: string, scale: string): string | undefined => {
    const { scaleSlot } = read(text, 3);
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

describe('the cells of a row', () => {
  it('are as they were sent', () => {
    expect(cellsOf('[1.50, "a,]\\"", NaN ,[1,[2]],{"b":[3]}, null]')).toEqual([
      '1.50',
      '"a,]\\""',
      'NaN',
      '[1,[2]]',
      '{"b":[3]}',
      'null',
    ]);
  });

  it('are none where it is no array', () => {
    expect(['{"a":1}', '7', '"[1]"'].map(cellsOf)).toEqual([[], [], []]);
  });
});

describe('a timeline', () => {
  it('is the dates where they are in order', () => {
    const dates = column(1, 1, 2);
    expect(timelineOf(dates)).toEqual({ x: dates, isTime: true, isSorted: true, jumps: Uint32Array.of() });
  });

  it('puts dates in order, and leaves out what has none', () => {
    const { x, isTime, isSorted, order } = timelineOf(column(3, NaN, 1, 2));
    expect([x, isTime, isSorted, order]).toEqual([column(1, 2, 3), true, false, Uint32Array.of(2, 3, 0)]);
    expect(along(column(30, 0, 10, 20), order)).toEqual(column(10, 20, 30));
  });

  it('is the rows where there are no dates, or none that a calendar has', () => {
    for (const dates of [column(NaN, NaN), column(1, 1e300)])
      expect(timelineOf(dates)).toMatchObject({ x: column(0, 1), isTime: false });
  });

  it('has a jump where there are no rows for more than ten usual steps', () => {
    expect(timelineOf(column(0, 5, 10, 15, 65, 116, 121, 126)).jumps).toEqual(Uint32Array.of(5));
  });
});
