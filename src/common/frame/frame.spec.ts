import { describe, expect, it } from '@jest/globals';
import { encodeFrame, createFrameDecoder } from './frame-codec.js';
import { Frame, MAX_COLUMNS, type FrameSchema } from './frame.js';
import { KernelFrameDecoder } from './kernel-frame-decoder.js';
import { PlainFrameDecoder } from './plain-frame-decoder.js';
import { inSlices } from './slices.js';

const column = (...values: number[]) => Float64Array.from(values);

describe('a frame', () => {
  it('has columns of one length, by name and in their order', () => {
    const [dates, samples] = [column(1, 2), column(NaN, 3)];
    const frame = new Frame(
      new Map([
        ['date', dates],
        ['a', samples],
      ]),
    );
    expect([frame.length, frame.headers]).toEqual([2, ['date', 'a']]);
    expect(frame.column('a')).toBe(samples);
    expect(() => frame.column('b')).toThrow(new RangeError('no column b'));
  });

  it('has no column of an optional name that is absent', () => {
    const frame = new Frame<'a', 'b' | 'c'>(new Map([['a', column(1)]]), ['b', 'c']);
    expect(frame.column('b')).toBeUndefined();
    expect(frame.column('a')).toEqual(column(1));
  });

  it('says that a column is gone that was transferred to a thread', () => {
    const samples = column(1, 2);
    const frame = new Frame<'a'>(new Map([['a', samples]]));
    structuredClone(samples, { transfer: [samples.buffer] });
    expect(() => frame.column('a')).toThrow(new RangeError('column a is gone: a thread has it, or the call is over'));
  });

  it('may be without rows, or without columns', () => {
    expect(new Frame(new Map([['date', column()]])).length).toBe(0);
    expect(new Frame(new Map()).length).toBe(0);
  });

  it('does not take columns of different lengths', () => {
    const columns = new Map([
      ['date', column(1, 2)],
      ['a', column(1)],
    ]);
    expect(() => new Frame(columns)).toThrow(new RangeError('the column a has 1 rows, others 2'));
  });

  it('has at most as many columns as the kernel writes at once', () => {
    const columns = (count: number) =>
      new Map(Array.from({ length: count }, (_, c) => [String(c), column(c)] as const));
    expect(new Frame(columns(MAX_COLUMNS)).headers).toHaveLength(511);
    expect(() => new Frame(columns(512))).toThrow(new RangeError('expected at most 511 columns, got 512'));
  });

  it('is the same after encoding and decoding, on the kernel', async () => {
    const frame = new Frame(
      new Map([
        ['date', column(1, 2.5)],
        ['a', column(NaN, -1e-7)],
      ]),
    );
    const decoder = createFrameDecoder({ params: [], series: ['a'] });
    expect(decoder).toBeInstanceOf(KernelFrameDecoder);
    decoder.push(Buffer.from('{"param":{},"scalar":'));
    for (const piece of encodeFrame(frame, 'null')) decoder.push(piece);
    decoder.push(Buffer.from('}'));
    expect((await decoder.end()).frame).toEqual(frame);
  });
});

describe.each([
  ['plain', (schema: FrameSchema) => new PlainFrameDecoder(schema)],
  ['of the kernel', (schema: FrameSchema) => createFrameDecoder(schema)],
])('the decoder that is %s', (_, decoderOf) => {
  const schema = { params: [], series: ['a', 'b', 'c'], optional: ['a', 'c'] };
  const decode = (text: string) => {
    const decoder = decoderOf(schema);
    decoder.push(Buffer.from(`{"param":{},"scalar":{${text}}}`));
    return decoder.end();
  };

  it.each([
    ['"headers":["c","b","date"],"data":[[3,2,1]]', { date: 1, b: 2, c: 3 }],
    ['"data":[[2,1]],"headers":["b","date"]', { date: 1, b: 2 }],
    ['"headers":["a","b","c","date"],"data":[["x",2,3,1]]', '[0][0] (a): expected'],
    ['"headers":["b","c","date"],"data":[[2,"x",1]]', '[0][1] (c): expected'],
    ['"headers":["a","c","date"],"data":[]', 'expected b, got'],
    ['"headers":["b","c","date","c"],"data":[]', 'c appears twice'],
  ])('takes optional series that are present: %s', async (text, expected) => {
    if (typeof expected === 'string') await expect(decode(text)).rejects.toThrow(expected);
    else {
      const { frame } = await decode(text);
      expect(Object.fromEntries([...frame.columns].map(([name, [value]]) => [name, value]))).toEqual(expected);
      expect((frame as Frame<string, string>).column('a')).toBeUndefined();
    }
  });
});

describe('long work', () => {
  it.each([
    [0, []],
    [1, [[0, 1]]],
    [65_536, [[0, 65_536]]],
    [
      131_073,
      [
        [0, 65_536],
        [65_536, 131_072],
        [131_072, 131_073],
      ],
    ],
  ])('visits each of %i rows once, slice by slice', async (length, slices) => {
    const done: number[][] = [];
    await inSlices(length, (start, end) => void done.push([start, end]));
    expect(done).toEqual(slices);
  });

  it.each([1 << 17, Infinity, NaN, -1])('visits all rows, whatever their cost: %d', async (cost) => {
    const done: number[][] = [];
    await inSlices(2, (start, end) => void done.push([start, end]), cost);
    expect(done).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});
