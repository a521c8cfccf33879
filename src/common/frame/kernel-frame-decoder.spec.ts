import { describe, expect, it } from '@jest/globals';
import { asKernelDecodes, asPlainDecodes } from '../../../test/fuzz/verdicts.js';

const rows = (data: string, headers = '["date","a","b"]') =>
  `{"param":{"scale":2,"x":[1]},"scalar":{"headers":${headers},"data":${data}}}`;
const early = (data: string) =>
  `{"scalar":{"data":${data},"headers":["date","a","b"]},"param":{"scale":-1e-3}}`;
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

const datas = [
  '[]',
  '[ ]',
  '[[1,2,3]]',
  ' [ [ 1 , 2 , 3 ] , [ 4 , null , NaN ] ] ',
  '[[1,2,3],]',
  '[,[1,2,3]]',
  '[[1,2,3] [1,2,3]]',
  '[[1,2,3]',
  '[[1,2,3]}',
  '[[1,2,]]',
  '[[1,,3]]',
  '[[]]',
  '[[1,2]]',
  '[[1,2,3,4]]',
  '[{}]',
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
  // Both halves of the product with the power of ten carry over.
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
  ...['{}', '"é"', '[1,"]"]', 'NaN', '[NaN]', 'true', '"a\\""', '-1.5e3', '01', deep(508)].map((cell) =>
    rows(`[[${cell},3,1,2],[7,6,5,4]]`, '["x","b","date","a"]'),
  ),
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
  '{"param":{}}',
  '{"param":{},"scalar":[]}',
  '{"param":{},"scalar":{}}',
  '{"param":null,"scalar":{"data":[]}}',
  rows('[]', '{}'),
  rows('[[1,2,3]]', '[1]'),
  rows('[["x"]]', '["date"]'),
  rows('[]', '["date","a","a","b"]'),
  rows('[[1,2,3,4]]', '["date","a","c","c"]'),
  rows('[]').replace('"x"', '"scale"'),
  rows('[]').replace('"x"', '"sc\\u0061le"'),
  rows('[]').replace('{"scale"', '{"x":1,"scale"'),
  rows('[[1,2,3]]').replace('"scalar"', '"scalar":{"data":[[1,"x"]]},"scalar"'),
  rows('[[1,2,3]]').replace('"headers"', '"data":[[3,2,1]],"headers"'),
  rows('[[1,2,3]]').replace('"scalar"', '"s\\u0063alar"').replace('"data"', '"\\u0064ata"'),
  rows('[]') + ' \n',
  rows('[]') + 'x',
  rows('[]') + rows('[]'),
  '\ufeff' + rows('[]'),
  `{"a":{"param":{},"scalar":{"data":[[NaN]]}},${rows('[[1,2,3]]').slice(1)}`,
  `{"a":${deep(511)},${rows('[[1,2,3]]').slice(1)}`,
  `{"a":${deep(512)},${rows('[[1,2,3]]').slice(1)}`,
  `[{"data":[[1,NaN]]}]`,
  `{"scalar":[{"data":[[1]],"headers":[]}],"param":{}}`,
  `{"__proto__":{"param":1},${rows('[[1,2,3]]').slice(1)}`,
  rows('[]').replace('"x"', '"__proto__"'),
].map((text) => Buffer.from(text));
const badUtf8 = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0x80],
].flatMap((bytes) =>
  [rows('[[1,"@",3]]'), rows('[[1,2,3,"@"]]', '["date","a","b","c"]'), rows('[]').replace('"x"', '"@"')].map(
    (text) =>
      Buffer.concat([
        Buffer.from(text.split('@')[0] as string),
        Buffer.from(bytes),
        Buffer.from(text.split('@')[1] as string),
      ]),
  ),
);

describe('the decoder on the kernel', () => {
  it.each([...bodies, ...badUtf8].map((body) => [body.toString().slice(0, 100), body] as const))(
    'agrees with the plain one on %s, however it is cut',
    async (_, body) => {
      const expected = await asPlainDecodes([body]);
      expect(await asKernelDecodes([body])).toEqual(expected);
      expect(await asKernelDecodes(Array.from(body, (byte) => Buffer.of(byte)))).toEqual(expected);
      for (let cut = 1; cut < Math.min(body.length, 200); cut++)
        expect(await asKernelDecodes([body.subarray(0, cut), body.subarray(cut)])).toEqual(expected);
    },
  );

  it('reads many rows in chunks of any size, also before their headers', async () => {
    const data = Array.from({ length: 20_000 }, (_, i) => [
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

  it('refuses a row that is longer than 1 MiB, and goes on to the end of the body', async () => {
    const long = rows(`[[1,2,3],[1,2,"${'x'.repeat(1 << 20)}"],[1]]`);
    expect(await asKernelDecodes([Buffer.from(long)])).toEqual(await asPlainDecodes([Buffer.from(long)]));
    expect(await asKernelDecodes([Buffer.from(`${long}]`)])).toMatchObject({ code: 10 });
  });
});
