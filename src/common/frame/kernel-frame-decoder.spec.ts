import { describe, expect, it } from '@jest/globals';
import { asKernelDecodes, asPlainDecodes, asServiceDecodes } from '../../../test/fuzz/verdicts.js';
import { KernelFrameDecoder } from './kernel-frame-decoder.js';
import { kernel, type Kernel } from './kernel/kernel.js';

/** Mutation tests set a larger step, to cut at fewer places. */
const CUT_STEP = Number(process.env.CUT_STEP ?? 1);

const rows = (data: string, headers = '["date","a","b"]') =>
  `{"param":{"scale":2,"x":[1]},"scalar":{"headers":${headers},"data":${data}}}`;
const early = (data: string) => `{"scalar":{"data":${data},"headers":["date","a","b"]},"param":{"scale":-1e-3}}`;
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

const datas = [
  '[]',
  '[ ]',
  '[[1,2,3]]',
  ' [ [ 1 , 2 , 3 ] , [ 4 , null , NaN ] ] ',
  '[\t[1,\r\n2 ,3\t]\r,\n[4,5,6]]',
  '[[1,\v2,3]]',
  '[[1,2\f,3]]',
  '[[1,2,3]\v,[4,5,6]]',
  '[[1,2,3],\v[4,5,6]]',
  '[\v[1,2,3]]',
  '[[1,2,3],]',
  '[,[1,2,3]]',
  '[[1,2,3] [1,2,3]]',
  '[[1,2,3]x[1,2,3]]',
  '[[1,2,3];]',
  '[[1,2,3]',
  '[[1,2,3]}',
  '[[1,2,]]',
  '[[1,,3]]',
  '[[]]',
  '[[1,2]]',
  '[[1,2,3,4]]',
  '[{}]',
  '[{"a":NaN}]',
  '[[1],{"a":NaN}]',
  '[[1],[NaN],[1,[NaN]]]',
  '[[1],[NaN],NaN]',
  '[[1],[NaN,1,"\\u00e9é",{"a":[]}],7,"x",null,true,{}]',
  '[[1],["\\ud8"]]',
  '[[1],{"a" 1}]',
  '[[1],{"a":1,}]',
  '[[1],[1}]',
  `[[1],${deep(509)}]`,
  `[[1],${deep(510)}]`,
  `[[1],[${deep(509)}]]`,
  '[1]',
  '["x"]',
  '[null]',
  '[NaN]',
  '[true,[1,2]]',
  '[[1,2,3],[1,"2",3],[1]]',
  '[[null,2,3]]',
  '[[NaN,2,3]]',
  '[["1",2,3]]',
  '[[1,[2],3]]',
  '[[1,{"a":[1,"]"]},3]]',
  '[[1,true,3]]',
  '[[1,2,1e400]]',
  '[[1,2,-1e400]]',
  '[[1e309,2,3]]',
  '[[1,2,01]]',
  '[[1,2,1.]]',
  '[[1,2,.5]]',
  '[[1,2,+1]]',
  '[[1,2,0x1]]',
  '[[1,2,1e]]',
  '[[1,2,1e+]]',
  '[[1,2,-]]',
  '[[1,2,--1]]',
  '[[1,2,-0]]',
  '[[1,2,1E+2]]',
  '[[1,2,-NaN]]',
  '[[1,2,nan]]',
  '[[1,2,Infinity]]',
  '[[1,2,NaN1]]',
  '[[1,2,nul]]',
  '[[1,2,nulll]]',
  '[[1,[NaN],3]]',
  '[[1,2,5e-324],[1,2,2.4703282292062327e-324]]',
  '[[1,2,1.7976931348623157e308],[1,2,1.7976931348623159e308]]',
  '[[1,2,9007199254740993],[1,2,123456789012345678901234567890]]',
  '[[0.1,0.2,0.30000000000000004]]',
  '[[1,1.5e-308,2.2250738585072011e-308]]',
  '[[1,2,1234567:]]',
  '[[1,2,:2345678]]',
  '[[1,2,12:4]]',
  '[[1,2,NaX]]',
  '[[1,"NaN",3],[2,"\\u004eaN","\\u004E\\u0061\\u004e"],[3,"N\\u0061N" ,"NaN"\t]]',
  '[["NaN",2,3]]',
  '[[1,2,"nan"]]',
  '[[1,2,"NaN "]]',
  '[[1,2,"NaN,3]]',
  '[[1,2,"\\u004eaNN"]]',
  '[[1,2,"\\u005eaN"]]',
  '[[1,2,"\\u004"]]',
  '[[1,2,"Nax"]]',
  '[[1,2,"N\\u0062N"]]',
  '[[1,2,3],[1,None,3]]',
  '[[1,2,3],[1,[1,{"a":Infinity}],3]]',
  '[[1,2,3],[1,0x10,3]]',
  '[[1,2,3],x]',
  '[[1,2,3],,[1,2,3]]',
  '[x',
  '[[',
  '[[1,2,3],',
  // Both halves of the product with the power of ten carry.
  '[[1,65744737791327170e79,67438032528608704e-81],[1,29823811348147502e66,16699463686036332e73],[1,76232797227554751e71,32698882472982977e-95]]',
  '[[1,2,"\\u00e9\\n\\"\\\\"]]',
  '[[1,2,"\\x"]]',
  '[[1,2,"\\u12g4"]]',
  '[[1,2,"a\tb"]]',
  '[[1,2,3]]]',
  '{}',
  '1',
  '"x"',
  'null',
  '1e999',
  '[["x',
  `[[1,2,${deep(508)}]]`,
  `[[1,2,${deep(509)}]]`,
  '[[1,2,3]]\u00a0',
  '[[1,2,3\u00e9]]',
  '[[1,"é\u{1f600}",3]]',
];
const bodies = [
  ...datas.map((data) => rows(data)),
  ...datas.map(early),
  // Ignored cells, some of them not valid JSON.
  ...['{}', '"é"', '[1,"]"]', 'NaN', '[NaN]', 'true', '-1.5e3', '01', deep(508)]
    .concat(['{"a":{"b":[1,{}]},"":[]}', '{"a":NaN}', '"é\\u00e9\u{1f600}\\n"', deep(509), '[1,]', '{"a":1,}', '{"a"}'])
    .concat(['{1:1}', '[}', '{]', '[1 2]', '[,1]', 'tru', 'fals', 'truex', '[01]', '[1e5,-0.5E+3,0]', '[1.]', '[-]'])
    .concat(['"a\\""', '"\\x"', '"\\u12g4"', '"\\"', '"a\tb"', '"]"', 'NaX', 'nulx', '1.', '-', '1e'])
    .map((cell) => rows(`[[${cell},3,1,2],[7,6,5,4]]`, '["x","b","date","a"]')),
  '',
  ' ',
  '[]',
  '1',
  '-1e999',
  'null',
  '"x"',
  '{',
  '{}',
  '{"param":1}',
  '{"param":1e999}',
  '{"param":{"scale":3',
  '{"param":{"scale":"x',
  '{"param":{"scale":1},"scalar":{"headers":["date"',
  '{"scalar":{"data":[[1,2',
  '{"param":true}',
  '{"param":false}',
  '{"param":{},"scalar":{"data":[[1,2,3]]}}',
  '{"param":{},"scalar":{"data":[[1,2,3]],"headers":null}}',
  '{"param":{},"scalar":{"headers":["date","a","b"],"data":[[1,2,3]]}}',
  `{"param":{"x":{"scale":1,"scale":2}},"x":{"scale":1,"scale":2,"data":[],"data":[]},${rows('[[1,2,3]]').slice(1)}`,
  `{"${'k'.repeat(5000)}":1,${rows('[[1,2,3]]').slice(1)}`,
  rows('[["x","y","z"]]', '["b","a","date"]'),
  rows('[["x","y",1]]', '["b","a","date"]'),
  '{"param":{}}',
  '{"param":{},"scalar":[]}',
  '{"param":{},"scalar":{}}',
  '{"param":null,"scalar":{"data":[]}}',
  rows('[]', '{}'),
  rows('[[1,2,3]]', '[1]'),
  rows('[[1,2,3]]', '["date" , [["a",{}]] ,"b"]'),
  rows('[[1,2,3]]', '["da,te",{"a":["]"]},1]'),
  rows('[[1,2,3]]', '["da]te","[", -1.5e3 ,[]]'),
  rows('[[1,2,3]]', '["date",null\n]'),
  rows('[[1,2,3]]', '[1e400,"date"]'),
  rows('[[1,2,3]]', '{"date":["a"]}'),
  rows('[[1,2,3]]', '"date, [a]"'),
  rows('[["x"]]', '["date"]'),
  rows('[]', '["date","a","a","b"]'),
  rows('[[1,2,3,4]]', '["date","a","c","c"]'),
  rows('[]').replace('"x"', '"scale"'),
  rows('[]').replace('"x"', '"sc\\u0061le"'),
  rows('[]').replace('{"scale"', '{"x":1,"scale"'),
  ...['{"a":1,"a":2}', '[{"a":{"b":[]}},{"b":1,"a":{"b":1,"\\u0062":{"b":2}}}]', '{"a":{"c":1},"b":{"c":1}}']
    .concat([`{"a":1,"a":"${'x'.repeat(1 << 14)}"}`, `{"${'k'.repeat(5000)}":1,"${'k'.repeat(5000)}":2}`])
    .flatMap((scale) => ['[[1,2,3]]', '[1]', '{}'].map((data) => rows(data).replace('2', scale))),
  rows('[[1,2,3]]').replace('"scalar"', '"scalar":{"data":[[1,"x"]]},"scalar"'),
  rows('[[1,2,3]]').replace('"headers"', '"data":[[3,2,1]],"headers"'),
  rows('[[1,2,3]]').replace('"scalar"', '"s\\u0063alar"').replace('"data"', '"\\u0064ata"'),
  rows('[]') + ' \n',
  rows('[]') + 'x',
  rows('[]') + rows('[]'),
  '\ufeff' + rows('[]'),
  '\ufeff\ufeff' + rows('[]'),
  ' \ufeff' + rows('[]'),
  '\ufeff',
  '\uff01{}',
  '\ufeff' + rows('[[1,2,x]]'),
  rows('[[1,2,3]]').replace('"data"', '"data":[x'),
  '{"scalar":[{"data":[[1,x]]}]}',
  '{"scalar":{"data":{"a":[1,x]}}}',
  '[{"data":[[1,NaN]]}]',
  `{"a":{"param":{},"scalar":{"data":[[NaN]]}},${rows('[[1,2,3]]').slice(1)}`,
  `{"a":${deep(511)},${rows('[[1,2,3]]').slice(1)}`,
  `{"a":${deep(512)},${rows('[[1,2,3]]').slice(1)}`,
  `[{"data":[[1,NaN]]}]`,
  `{"scalar":[{"data":[[1]],"headers":[]}],"param":{}}`,
  `{"__proto__":{"param":1},${rows('[[1,2,3]]').slice(1)}`,
  rows('[]').replace('"x"', '"__proto__"'),
].map((text) => Buffer.from(text));
const badUtf8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]].flatMap(
  (bytes) =>
    [
      '@{}',
      '{@',
      rows('[[1,"@",3]]'),
      rows('[[1,2,3,"@"]]', '["date","a","b","c"]'),
      rows('[]').replace('"x"', '"@"'),
    ].map((text) =>
      Buffer.concat([
        Buffer.from(text.split('@')[0] as string),
        Buffer.from(bytes),
        Buffer.from(text.split('@')[1] as string),
      ]),
    ),
);

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const otherUnicode = ['\ufeff{}', '{}', '[1]', '"a"', '1', '', ' {}'].flatMap((text) => [
  utf16(text),
  utf16(text).swap16(),
]);

describe('the decoder on the kernel', () => {
  it.each([...bodies, ...badUtf8, ...otherUnicode].map((body) => [body.toString().slice(0, 100), body] as const))(
    'agrees with the plain one on %s, however it is cut',
    async (_, body) => {
      const expected = await asPlainDecodes([body]);
      expect(await asKernelDecodes([body])).toEqual(expected);
      expect(await asServiceDecodes([body])).toEqual(expected);
      expect(await asKernelDecodes(Array.from(body, (byte) => Buffer.of(byte)))).toEqual(expected);
      for (let cut = 1; cut < Math.min(body.length, 200); cut += CUT_STEP)
        expect(await asKernelDecodes([body.subarray(0, cut), body.subarray(cut)])).toEqual(expected);
    },
  );

  it('reads many rows in chunks of any size, also before their headers', async () => {
    const data = Array.from({ length: 2_000 }, (_, i) => [
      1420066800 + i / 7,
      i % 5 ? Math.sin(i) * 10 ** (i % 60) : null,
      Math.random(),
    ]);
    for (const text of [rows(JSON.stringify(data)), early(JSON.stringify(data, null, 1))]) {
      const body = Buffer.from(text);
      const expected = await asPlainDecodes([body]);
      for (const size of [body.length, 65_536, 10_007, 100]) {
        const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
          body.subarray(i * size, (i + 1) * size),
        );
        expect((await asKernelDecodes(pieces)) as object).toEqual(expected);
      }
    }
  });

  it.each([
    ['{"a":1,"a":2}', 'param.scale.a appears twice'],
    ['[0,{"b":{"c":1,"c":[]}},{"b":1,"b":2}]', 'param.scale[1].b.c appears twice'],
  ])('refuses the param %s, in which a key appears twice', async (scale, log) => {
    for (const asDecodes of [asKernelDecodes, asPlainDecodes, asServiceDecodes])
      expect(await asDecodes([Buffer.from(rows('[1]').replace('2', scale))])).toEqual({ code: 20, log });
  });

  const agree = async (text: string) => {
    const body = Buffer.from(text);
    const verdict = await asPlainDecodes([body]);
    expect(await asKernelDecodes([body])).toEqual(verdict);
    return verdict;
  };

  it('takes a row of 1 MiB, refuses a longer one, and goes on to the end of the body', async () => {
    const row = (bytes: number) => `[1,2,"${'x'.repeat(bytes - '[1,2,""]'.length)}"]`;
    expect(await agree(rows(`[[1,2,3],${row(1 << 20)}]`))).toMatchObject({
      log: 'scalar.data[1][2] (b): expected a number or a missing sample, got the string "' + 'x'.repeat(60) + '…"',
    });
    const long = rows(`[[1,2,3],${row((1 << 20) + 1)},[1]]`);
    expect(await agree(long)).toMatchObject({
      log: 'scalar.data[1]: expected at most 1048576 bytes, got more',
    });
    expect(await asKernelDecodes([Buffer.from(`${long}]`)])).toMatchObject({ code: 10 });
    const spaces = ' '.repeat(1 << 20);
    expect(
      await asKernelDecodes([`${rows(`[[${spaces}`).slice(0, -2)} `, '1,2,3]]}}'].map((piece) => Buffer.from(piece))),
    ).toEqual({
      code: 24,
      log: 'scalar.data[0]: expected at most 1048576 bytes, got more',
    });
  });

  const decoderOf = (series: readonly string[], options = {}) =>
    new KernelFrameDecoder(kernel as Kernel, { params: ['scale'], series }, options);

  it.each([asKernelDecodes, asPlainDecodes])(
    'takes a param of 16 KiB and headers of 1 MiB, and refuses longer ones: %o',
    async (asDecodes) => {
      const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
      const decode = (body: string) =>
        asDecodes([body.slice(0, 500), body.slice(500)].map((piece) => Buffer.from(piece)));
      const scaled = (bytes: number, data = '[]') => rows(data).replace('"scale":2', `"scale":${text(bytes)}`);
      expect(await decode(scaled(1 << 14))).toMatchObject({ params: { scale: 'x'.repeat((1 << 14) - 2) } });
      expect(await decode(scaled((1 << 14) + 1))).toEqual({
        code: 21,
        log: 'param.scale: expected at most 16384 bytes of JSON, got 16385',
      });
      // Rows are judged before params.
      expect(await decode(scaled((1 << 14) + 1, '[[1]]'))).toMatchObject({ code: 24 });
      const headed = (bytes: number) => rows('[]', `["date","a","b",${text(bytes - '["date","a","b",]'.length)}]`);
      expect(await decode(headed(1 << 20))).toMatchObject({ params: { scale: 2 } });
      expect(await decode(headed((1 << 20) + 1))).toEqual({
        code: 20,
        log: 'scalar.headers: expected at most 1048576 bytes, got 1048577',
      });
    },
  );

  it.each([
    ['an unfinished row', rows('[[0,').slice(0, -3) + '0,'.repeat(500_000)],
    ['an unfinished row without a shape', '{"scalar":{"data":[[' + '0,'.repeat(500_000)],
    ['an unfinished row after a fault', rows('[[0],[').slice(0, -3) + '0,'.repeat(500_000)],
    ['an unfinished string in a row', rows('[["').slice(0, -3) + 'x'.repeat(1_000_000)],
    ['rows before their headers', '{"scalar":{"data":[' + '[0,0,0],'.repeat(125_000)],
    ['headers', '{"scalar":{"headers":[' + '"",'.repeat(333_000)],
    ['keys', `{${'"":0,'.repeat(200_000)}`],
  ])('holds at most four times the bytes of %s, however small the chunks are', (_, text) => {
    const held = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const bytes = Buffer.from(text);
    const decoders = Array.from({ length: 20 }, () => decoderOf(['a', 'b']));
    const before = held();
    for (const decoder of decoders)
      for (let i = 0; i < bytes.length; i += 100) decoder.push(bytes.subarray(i, i + 100));
    // The chunks themselves leave some garbage, which does not count.
    const garbage = 40e6;
    expect(held() - before).toBeLessThan(4 * decoders.length * bytes.length + garbage);
    for (const decoder of decoders) decoder.release();
  });

  it.each([
    ['', 'the body is empty'],
    ['[1', 'the body is not valid JSON: unexpected end after 2 bytes'],
    ['{"a":01}', 'the body is not valid JSON: unexpected "1" at byte 6'],
    ['[]\t\n\r x', 'the body is not valid JSON: unexpected text after its end at byte 6'],
    [rows('[[1,2,3];]'), 'the body is not valid JSON: scalar.data[0]: unexpected ";" at byte 81'],
    [rows('[[1,2,3],]'), 'the body is not valid JSON: scalar.data[1]: unexpected "]" at byte 82'],
    [rows('[[1,2,3x]]'), 'the body is not valid JSON: scalar.data[0][2]: unexpected "x" at byte 80'],
    [rows('[[1,,3]]'), 'the body is not valid JSON: scalar.data[0][1]: unexpected "," at byte 77'],
    [rows('[[1,2,1.]]'), 'the body is not valid JSON: scalar.data[0][2]: unexpected "]" at byte 81'],
    [rows('[[1,0x10,3]]'), 'the body is not valid JSON: scalar.data[0][1]: unexpected "x" at byte 78'],
    [
      rows('[[1,2,3],[1,2,Infinity]]').replace('"b"', '"c","b"'),
      'the body is not valid JSON: scalar.data[1][2]: unexpected "I" at byte 91',
    ],
    [
      early(`[${'[1,2,3],'.repeat(20_000)}[1,[],None]]`),
      'the body is not valid JSON: scalar.data[20000][2]: unexpected "o" at byte 160026',
    ],
    ['\ufeff', 'the body is not valid JSON: unexpected end after 3 bytes'],
  ])('says why %s is not JSON, and at which byte, however it is cut', async (text, message) => {
    for (const size of [1, 7, text.length + 1]) {
      const decoder = decoderOf(['a', 'b']);
      for (let at = 0; at < text.length; at += size) decoder.push(Buffer.from(text.slice(at, at + size)));
      await expect(decoder.end()).rejects.toMatchObject({ errorCode: { code: 10 }, message });
    }
  });

  it.each([
    ['latin1', Buffer.from(rows('[[1,"é",3]]'), 'latin1'), 'scalar.data[0][1]: not UTF-8: byte 0xe9 at byte 78'],
    ['UTF-16', utf16('\ufeff{}'), 'UTF-16, not UTF-8: byte 0xff at byte 0'],
    ['UTF-16 without a mark', utf16('{}'), 'UTF-16, not UTF-8: byte 0x00 at byte 1'],
  ])('names text that is %s, and the byte that shows it, however it is cut', async (_, body, message) => {
    for (const size of [1, body.length]) {
      const decoder = decoderOf(['a', 'b']);
      for (let at = 0; at < body.length; at += size) decoder.push(body.subarray(at, at + size));
      await expect(decoder.end()).rejects.toMatchObject({
        errorCode: { code: 10 },
        message: `the body is not valid JSON: ${message}`,
      });
    }
  });

  it('leaves out a param that is not there, and needs no series beside the date', async () => {
    const decoder = decoderOf([]);
    decoder.push(
      Buffer.from('{"param":{},"scalar":{"headers":["date","x","y"],"data":[[1,"x",{}],[2,3,"y"],[3,4,5]]}}'),
    );
    const { params, frame } = await decoder.end();
    expect(params).toStrictEqual({});
    expect([...frame.columns]).toEqual([['date', Float64Array.of(1, 2, 3)]]);
  });

  /** The number of rows that the columns have room for at the end. */
  async function roomOf(count: number, options: object, head = ''): Promise<number> {
    const row = Buffer.from('[1,2,3],');
    const body = Buffer.alloc(count * row.length, row);
    const decoder = decoderOf(['a', 'b'], options);
    decoder.push(Buffer.from(`${rows('').slice(0, -2)}[${head}`));
    for (let at = 0; at < body.length; at += 1 << 16) decoder.push(body.subarray(at, at + (1 << 16)));
    decoder.push(Buffer.from('[1,2,3]]}}'));
    const { frame } = await decoder.end();
    expect(frame.length).toBe(count + 1);
    return frame.column('b').buffer.byteLength / 8;
  }

  it('has a tenth more room than a body of known length needs by its first rows', async () => {
    const room = await roomOf(9_999, { expectedBytes: 80_000, limitBytes: 1e9 });
    expect(room).toBeGreaterThanOrEqual(10_900);
    expect(room).toBeLessThanOrEqual(11_100);
  });

  it('accepts a declared length that is too large for an array', async () => {
    expect(await roomOf(1_000, { expectedBytes: 2 ** 40, limitBytes: 2 ** 40 })).toBe(1 << 27);
  });

  it('doubles if the length is unknown, and past a million rows grows once, for the longest body', async () => {
    const few = await roomOf(9_999, { limitBytes: 24_000_000 });
    expect(few).toBeGreaterThanOrEqual(10_000);
    expect(few).toBeLessThan(20_000);
    expect(await roomOf(9_999, {})).toBe(few);
    const many = await roomOf(1_100_000, { limitBytes: 24_000_000 });
    expect(many).toBeGreaterThanOrEqual(3_290_000);
    expect(many).toBeLessThanOrEqual(3_310_000);
  });

  it('gives others turns while it decodes rows that came before their headers', async () => {
    const row = Buffer.from('[1,2,3],');
    const piece = Buffer.alloc(1 << 17, row);
    const decoder = decoderOf(['a', 'b']);
    decoder.push(Buffer.from('{"param":{},"scalar":{"data":['));
    for (let i = 0; i < 128; i++) decoder.push(piece);
    decoder.push(Buffer.from('[1,2,3]],"headers":["date","a","b"]}}'));
    let [turns, isOver] = [0, false];
    const end = decoder.end().finally(() => (isOver = true));
    const other = () => {
      if (isOver) return;
      turns++;
      setImmediate(other);
    };
    setImmediate(other);
    expect((await end).frame.length).toBe((128 << 17) / row.length + 1);
    expect(turns).toBeGreaterThan(2);
  });
});
