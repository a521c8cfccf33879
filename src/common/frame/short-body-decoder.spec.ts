import { describe, expect, it } from '@jest/globals';
import { decodeShortBody, ShortBodyDecoder } from './short-body-decoder.js';

const schema = { params: ['scale', 'limit'], series: ['a', 'b'], optional: ['b'] };
const decode = (text: string) => decodeShortBody(Buffer.from(text), schema);
const body = (data: string, { param = '{"scale":2}', headers = '["date","a","b"]' } = {}) =>
  `{"param":${param},"scalar":{"headers":${headers},"data":${data}}}`;

describe('the decoder of short bodies', () => {
  it('gives params and columns', () => {
    const decoded = decode(body('[[1,2,-0],[0.1,null,3e2]]'));
    expect(decoded?.params).toEqual({ scale: 2 });
    expect([...(decoded?.frame.columns ?? [])]).toEqual([
      ['date', Float64Array.of(1, 0.1)],
      ['a', Float64Array.of(2, NaN)],
      ['b', Float64Array.of(-0, 300)],
    ]);
  });

  it.each([
    ['spaces', ' {\n"scalar" : {"data":[ ],\t"headers":["a", "date"]}, "param": {}}\r\n'],
    ['no param', body('[]', { param: '{}' })],
    ['other columns, with text', body('[[1,"x",2,true]]', { headers: '["date","ü","a","on"]' })],
    ['no optional series', body('[[1,2]]', { headers: '["date","a"]' })],
  ])('takes a body with %s', (_, text) => {
    expect(decode(text)).toBeDefined();
  });

  it.each([
    ['a byte order mark', `\ufeff${body('[]')}`],
    ['a bare NaN', body('[[1,NaN,2]]')],
    ['a quoted NaN', body('[[1,"NaN",2]]')],
    ['an escape', body('[]', { headers: '["date","\\u0061","a"]' })],
    ['another key', body('[]').replace('{', '{"x":1,')],
    ['another key in scalar', body('[]').replace('{"headers', '{"x":[[1]],"headers')],
    ['another param', body('[]', { param: '{"x":1}' })],
    ['a param that is no primitive', body('[]', { param: '{"scale":[1]}' })],
    ['param twice', body('[]').replace('{', '{"param":{},')],
    ['a param twice', body('[]', { param: '{"scale":1,"scale":1}' })],
    ['data twice', body('[],"data":[]')],
    ['a series with the name of a key', body('[]', { headers: '["date","a","data"]' })],
    ['a nested cell', body('[[1,2,3,[4]]]', { headers: '["date","a","b","c"]' })],
    ['a missing date', body('[[null,1,2]]')],
    ['a sample past the largest double', body('[[1,1e999,2]]')],
    ['a short row', body('[[1,2]]')],
    ['no array of rows', body('{}')],
    ['no needed series', body('[]', { headers: '["date"]' })],
    ['no object', '[1]'],
    ['nothing', ''],
    ['no JSON', '{'],
  ])('leaves a body with %s to the other', (_, text) => {
    expect(decode(text)).toBeUndefined();
  });

  it('leaves a body that is not UTF-8 to the other', () => {
    expect(decodeShortBody(Buffer.from(body('[[1,2,3]]').replace('"b"', '"é"'), 'latin1'), schema)).toBe(undefined);
  });

  it('gives the other all chunks of a body that comes in several', async () => {
    const pushed: string[] = [];
    const decoded = { params: {}, frame: decode(body('[]'))?.frame as never };
    const decoder = new ShortBodyDecoder(schema, 4, () => ({
      push: (chunk) => pushed.push(Buffer.from(chunk).toString()),
      end: () => Promise.resolve(decoded),
      release: () => pushed.push('released'),
    }));
    for (const text of ['ab', 'cd']) decoder.push(Buffer.from(text));
    await expect(decoder.end()).resolves.toBe(decoded);
    decoder.release();
    expect(pushed).toEqual(['ab', 'cd', 'released']);
  });
});
