import { describe, expect, it } from '@jest/globals';
import { PlainFrameDecoder } from './plain-frame-decoder.js';

const schema = { params: ['scale'], series: ['a', 'b'] };

async function decode(text: string | Uint8Array) {
  const decoder = new PlainFrameDecoder(schema);
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += 3) decoder.push(bytes.subarray(at, at + 3));
  return decoder.end();
}

const body = (data: string, headers = '["date","a","b"]') =>
  `{"param":{"scale":2,"other":1},"scalar":{"headers":${headers},"data":${data}}}`;

describe('the plain frame decoder', () => {
  it('gives the declared params and the needed columns, the date first', async () => {
    const { params, frame } = await decode(
      body('[[7,1,10],["x",2,20]]', '["z","date","b"]')
        .replace('"z"', '"z","a"')
        .replace('[7,1,10]', '[7,5,1,10]')
        .replace('["x",2,20]', '["x",null,2,NaN]'),
    );
    expect(params).toEqual({ scale: 2 });
    expect(frame.headers).toEqual(['date', 'a', 'b']);
    expect(frame.column('date')).toEqual(Float64Array.of(1, 2));
    expect(frame.column('a')).toEqual(Float64Array.of(5, NaN));
    expect(frame.column('b')).toEqual(Float64Array.of(10, NaN));
  });

  it.each([
    ['{"param":{},"scalar":{"headers":["date","a","b"],"data":[]},"__proto__":{"x":1}}'],
    ['{"param":{"x":"scale","scale":1},"scalar":{"headers":["date","a","b"],"data":[]}}'],
    ['{"":{"param":1,"param":2},"param":{},"scalar":{"headers":["date","a","b"],"data":[]}}'],
    ['{"param":{"__proto__":1,"__proto__":2},"scalar":{"headers":["date","a","b"],"data":[]}}'],
    [`{"x":${'['.repeat(511)}${']'.repeat(511)},"param":{},"scalar":{"headers":["date","a","b"],"data":[]}}`],
  ])('takes %.60s', async (text) => {
    expect((await decode(text)).frame.length).toBe(0);
  });

  it.each([
    ['\ufeff\ufeff{}', 'unexpected byte 0xef at byte 3'],
    [' \ufeff{}', 'unexpected byte 0xef at byte 1'],
    ['', 'the body is empty'],
    [Buffer.of(0x22, 0xff, 0x22), 'not UTF-8: byte 0xff at byte 1'],
    ['{"\\x":1}', 'not valid JSON'],
    [`${'['.repeat(513)}${']'.repeat(513)}`, 'nested deeper than 512 levels'],
    ['{"x":NaN}', 'not valid JSON'],
    [body('[{"x":NaN}]'), 'not valid JSON'],
    [body('[]').replace('"data"', '"x":[[NaN]],"data"'), 'not valid JSON'],
    [`[{"x":[[NaN]]},{"data":[[NaN]]}]`, 'not valid JSON'],
    [body('[NaN]'), 'not valid JSON'],
    [body('[[1,{"x":NaN},3]]'), 'not valid JSON'],
    [body('[[1,-NaN,3]]'), 'not valid JSON'],
    [body('[[1,nan,3]]'), 'not valid JSON'],
    [body('[[1,Infinity,3]]'), 'not valid JSON'],
    [body('[[1 NaN,3]]'), 'not valid JSON'],
    [body('[[1,2,3],]'), 'not valid JSON'],
  ])('refuses %.60s as malformed', async (text, log) => {
    await expect(decode(text)).rejects.toMatchObject({
      errorCode: { code: 10 },
      message: expect.stringContaining(log),
    });
  });

  it('leaves out a param that is not there', async () => {
    expect((await decode(body('[]').replace('"scale":2,', ''))).params).toStrictEqual({});
  });

  it('keeps the cause of a malformed body', async () => {
    for (const text of ['{', Buffer.of(0x22, 0xff, 0x22)])
      await expect(decode(text)).rejects.toHaveProperty('cause.message', expect.any(String));
  });

  // The two-byte letter makes the row longer in bytes than in characters.
  const long = (bytes: number) => `[1,2,"é${'x'.repeat(bytes - '[1,2,"é"]'.length - 1)}"]`;

  it('takes a row of 1 MiB, and refuses the first that is longer', async () => {
    const largest = long(1 << 20);
    expect(Buffer.byteLength(largest)).toBe(1 << 20);
    const rows = body(`[[1,2,3] , ${largest}, ${long((1 << 20) + 1)},${long(1 << 21)},[1]]`, '["date","a","b"]');
    await expect(decode(rows.replaceAll(largest, '[1,2,3]'))).rejects.toMatchObject({
      message: 'scalar.data[2]: expected at most 1048576 bytes, got more',
    });
    await expect(decode(rows)).rejects.toMatchObject({
      message:
        'scalar.data[1][2] (b): expected a number or a missing sample, got the string "é' + 'x'.repeat(59) + '…"',
    });
  });

  it.each([
    [body('[[1,2,3],[1,"x"]]'), 24, 'scalar.data[1]: expected 3 values'],
    [body('[["x","y",3]]'), 26, 'scalar.data[0][0]'],
    [body('[["y","x",3]]', '["a","date","b"]'), 25, 'scalar.data[0][0]'],
    [body('[[1,2,true]]'), 25, 'scalar.data[0][2] (b): expected a number or a missing sample, got true'],
    [body('[[null,2,1],[NaN,2,1]]'), 26, 'got null'],
    [body('[[1,2,1],[NaN,2,1]]'), 26, 'scalar.data[1][0] (date): expected a number, got NaN'],
    [body(`[[1,2,3],[1,2,"${'x'.repeat(1 << 20)}"]]`), 24, 'scalar.data[1]: expected at most 1048576 bytes, got more'],
    [body('[]').replace('"scalar"', '"scalar":{},"scal\\u0061r"'), 20, 'scalar appears twice'],
    [body('[]').replace('"data"', '"headers"'), 20, 'scalar.headers appears twice'],
    [body('[]').replace('"scalar"', '"param":{},"scalar"'), 20, 'param appears twice'],
    [body('[[NaN,2,1],[NaN,2,1]]'), 26, 'scalar.data[0][0] (date): expected a number, got NaN'],
  ])('refuses %.70s with its path', async (text, code, log) => {
    await expect(decode(text)).rejects.toMatchObject({
      errorCode: { code },
      message: expect.stringContaining(log),
    });
  });
});
