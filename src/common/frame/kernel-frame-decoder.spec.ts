import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DecodedBody, type FrameDecoder } from './frame-decoder.js';
import { KernelFrameDecoder } from './kernel-frame-decoder.js';
import { kernel as built, type Kernel } from './kernel/kernel.js';
import { PlainFrameDecoder } from './plain-frame-decoder.js';

const kernel = built as Kernel;
const schema = { params: ['scale'], series: ['a', 'b'] };

/** More by hand: `FUZZ_RUNS=1000000 npm run test:unit -- kernel`. A failure prints its seed. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 2_000);

/** What a decoder makes of a body, in a form that two of them can be compared by. */
async function verdict(decoder: FrameDecoder, pieces: readonly Uint8Array[]): Promise<unknown> {
  for (const piece of pieces) decoder.push(piece);
  try {
    const { params, frame }: DecodedBody = await decoder.end();
    return {
      params,
      columns: [...frame.columns].map(([name, column]) => [
        name,
        Buffer.from(column.slice().buffer).toString('hex'),
      ]),
    };
  } catch (error) {
    const { errorCode, message } = error as { errorCode?: { code: number }; message: string };
    if (errorCode === undefined) throw error;
    // Why a text is no JSON is said in other words by JSON.parse.
    return { code: errorCode.code, log: errorCode.code === 10 ? undefined : message };
  }
}

const plain = (pieces: readonly Uint8Array[]) => verdict(new PlainFrameDecoder(schema), pieces);
const onKernel = (pieces: readonly Uint8Array[]) =>
  verdict(new KernelFrameDecoder(kernel, schema, {}), pieces);

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
  '[[1,2,"\\u00e9\\n\\"\\\\"]]',
  '[[1,2,"\\x"]]',
  '[[1,2,"\\u12g4"]]',
  '[[1,2,"a\tb"]]',
  '[[1,2,3]]]',
  '{}',
  '1',
  '"x"',
  'null',
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
  'null',
  '"x"',
  '{',
  '{}',
  '{"param":1}',
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
  [rows('[[1,"@",3]]'), rows('[]').replace('"x"', '"@"')].map((text) =>
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
      const expected = await plain([body]);
      expect(await onKernel([body])).toEqual(expected);
      expect(await onKernel(Array.from(body, (byte) => Buffer.of(byte)))).toEqual(expected);
      for (let cut = 1; cut < Math.min(body.length, 200); cut++)
        expect(await onKernel([body.subarray(0, cut), body.subarray(cut)])).toEqual(expected);
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
      const expected = await plain([body]);
      for (const size of [body.length, 65_536, 10_007, 100]) {
        const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
          body.subarray(i * size, (i + 1) * size),
        );
        expect((await onKernel(pieces)) as object).toEqual(expected);
      }
    }
  });

  it('refuses a row that is longer than 1 MiB, and goes on to the end of the body', async () => {
    const long = rows(`[[1,2,3],[1,2,"${'x'.repeat(1 << 20)}"],[1]]`);
    expect(await onKernel([Buffer.from(long)])).toEqual(await plain([Buffer.from(long)]));
    expect(await onKernel([Buffer.from(`${long}]`)])).toMatchObject({ code: 10 });
  });
});

/** Cuts bytes at the given places, taken modulo the length. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return cuts.slice(1).map((cut, i) => bytes.subarray(cuts[i], cut));
}

describe('the decoder on the kernel and the plain one', () => {
  const sample = fc.oneof(
    { weight: 8, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
    fc.constantFrom(
      'null',
      'NaN',
      '1e400',
      '-0',
      '"x"',
      '[]',
      '01',
      '1.',
      'true',
      '{}',
      '1E5',
      '0.0000000000000000000000001',
    ),
  );
  const cell = fc.oneof(sample, fc.json({ maxDepth: 3 }));
  const headers = fc.shuffledSubarray(['date', 'a', 'b', 'c', 'd'], { minLength: 3 });
  const space = fc.constantFrom('', '', ' ', '\n\t ');
  const body = fc
    .record({
      headers,
      rows: fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { maxLength: 6 }),
      fit: fc.boolean(),
      param: fc.dictionary(fc.constantFrom('scale', 'x', '__proto__'), fc.double().map(String)),
      other: fc.json({ maxDepth: 4 }),
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      isEarly: fc.boolean(),
      space,
    })
    .map(({ headers, rows, fit, param, other, order, isEarly, space }) => {
      const texts = rows.map((row) => {
        const cells = fit ? headers.map((name, i) => (name === 'date' ? String(i) : (row[i] ?? '1'))) : row;
        return `[${space}${cells.join(`${space},`)}]`;
      });
      const data = `"data":[${space}${texts.join(`,${space}`)}]`;
      const names = `"headers":${JSON.stringify(headers)}`;
      const members = [
        `"param":{${Object.entries(param)
          .map(([key, value]) => `"${key}":${value}`)
          .join()}}`,
        `"scalar":{${isEarly ? `${data},${names}` : `${names},${data}`}}`,
        `"other":${other}`,
      ];
      return `{${order.map((i) => members[i]).join(`${space},`)}}`;
    });

  it('agree on any body, cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.array(fc.nat(), { maxLength: 5 }), async (text, places) => {
        const bytes = Buffer.from(text);
        expect(await onKernel(cutAt(bytes, places))).toEqual(await plain([bytes]));
      }),
      { numRuns: RUNS },
    );
  });

  it('agree on any body with some bytes changed, left out or put in', async () => {
    const change = fc.record({
      place: fc.nat(),
      left: fc.nat({ max: 3 }),
      put: fc.uint8Array({ maxLength: 3 }),
    });
    const structural = fc.array(fc.constantFrom(...Buffer.from('[]{},:"\\0-1.eEnNa')), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.array(change, { minLength: 1, maxLength: 2 }),
        structural,
        fc.array(fc.nat(), { maxLength: 3 }),
        async (text, changes, inserted, places) => {
          let bytes = Buffer.from(text);
          for (const { place, left, put } of changes) {
            const at = place % (bytes.length + 1);
            const pieces = [
              bytes.subarray(0, at),
              place % 2 ? put : Buffer.from(inserted),
              bytes.subarray(at + left),
            ];
            bytes = Buffer.concat(pieces);
          }
          expect(await onKernel(cutAt(bytes, places))).toEqual(await plain([bytes]));
        },
      ),
      { numRuns: RUNS },
    );
  });
});
