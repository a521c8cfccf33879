import { describe, expect, it } from '@jest/globals';
import { encodeFrame, createFrameDecoder } from './frame-codec.js';
import { type FrameSchema } from './frame-decoder.js';
import { Frame, MAX_COLUMNS } from './frame.js';
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

  it('may be without rows, or without columns', () => {
    expect(new Frame(new Map([['date', column()]])).length).toBe(0);
    expect(new Frame(new Map()).length).toBe(0);
  });

  it('does not take columns of different lengths', () => {
    const columns = new Map([
      ['date', column(1, 2)],
      ['a', column(1)],
    ]);
    expect(() => new Frame(columns)).toThrow(new RangeError('columns of different lengths: 2, 1'));
  });

  it('has at most as many columns as the kernel writes at once', () => {
    const columns = (count: number) =>
      new Map(Array.from({ length: count }, (_, c) => [String(c), column(c)] as const));
    expect(new Frame(columns(MAX_COLUMNS)).headers).toHaveLength(511);
    expect(() => new Frame(columns(512))).toThrow(new RangeError('expected at most 511 columns, got 512'));
  });

  it('comes back from the text that it is written as, by the kernel where that can run', async () => {
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
  ])('takes optional series that are there: %s', async (text, expected) => {
    if (typeof expected === 'string') await expect(decode(text)).rejects.toThrow(expected);
    else {
      const { frame } = await decode(text);
      expect(Object.fromEntries([...frame.columns].map(([name, [value]]) => [name, value]))).toEqual(
        expected,
      );
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
  ])('over %i rows goes slice by slice over each of them once', async (length, slices) => {
    const done: number[][] = [];
    await inSlices(length, (start, end) => void done.push([start, end]));
    expect(done).toEqual(slices);
  });
});
