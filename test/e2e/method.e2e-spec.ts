import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../src/common/errors/error-codes.js';
import { readResponse } from '../../src/cli/response-reader.js';
import { bodyOf, call, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const fixture = (name: string) => readFile(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

describe('the sum', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  const send = async (body: string) => (await call(service.url, { body })).json;
  const rows = (data: string, headers = '["date","e1_ts","e2_ts"]', scale = '1') =>
    `{"param":{"scale":${scale}},"scalar":{"headers":${headers},"data":${data}}}`;

  it.each(['/method', '/method/', '/sum', '/method?run=1'])('answers the recorded body at %s', async (path) => {
    const [body, recorded] = [await fixture('sample.request.json'), await fixture('sample.response.json')];
    const response = await call(service.url, { path, body });
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json).toEqual({
      ...(JSON.parse(recorded) as object),
      error: 0,
      log: '4 rows, none missing',
    });
  });

  it('responds to no rows with no rows', async () => {
    const response = await send(rows('[]'));
    expect(response).toEqual({
      scalar: { headers: ['date', 'sum_ts'], data: [] },
      error: 0,
      log: '0 rows, none missing',
    });
  });

  it('writes null if a sample is missing on either side, and counts it', async () => {
    const response = await send(rows('[[1,null,2],[2,3,NaN],[3,NaN,null],[4,1,1]]'));
    expect(response.scalar?.data).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [4, 2],
    ]);
    expect(response.log).toBe('4 rows, missing: 2 in e1_ts, 2 in e2_ts');
  });

  it('keeps dates unchanged, with fraction, sign and repetition, and says how many are out of order', async () => {
    const response = await send(rows('[[2.5,1,1],[-1,1,1],[-1,1,1],[1e9,1,1]]'));
    expect(response.scalar?.data).toEqual([
      [2.5, 2],
      [-1, 2],
      [-1, 2],
      [1e9, 2],
    ]);
    expect(response.log).toBe('4 rows, none missing; out of order: 1 date before the one above');
  });

  it.each([
    ['columns in another order', rows('[[5,3,1]]', '["e2_ts","e1_ts","date"]')],
    [
      'further columns with any JSON',
      rows('[[1,{"a":[1,"]"]},5,"x\\"",3,NaN]]', '["date","a","e1_ts","b","e2_ts","a"]'),
    ],
    ['data before headers', '{"param":{"scale":1},"scalar":{"data":[[1,5,3]],"headers":["date","e1_ts","e2_ts"]}}'],
    ['scalar before param', '{"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[1,5,3]]},"param":{"scale":1}}'],
    [
      'escaped keys',
      '{"p\\u0061ram":{"sc\\u0061le":1},"scal\\u0061r":{"he\\u0061ders":["d\\u0061te","e1_ts","e2_ts"],"d\\u0061ta":[[1,5,3]]}}',
    ],
    [
      'white space anywhere',
      '\r\n\t { "param" : { "scale" : 1 } , "scalar" : { "headers" : [ "date" , "e1_ts" , "e2_ts" ] , "data" : [ [ 1 , 5 , 3 ] ] } } \n',
    ],
    [
      'unknown keys, also twice',
      '{"x":1,"x":{"param":2},"param":{"scale":1,"y":1,"y":2},"scalar":{"z":[[NaN_]],"headers":["date","e1_ts","e2_ts"],"data":[[1,5,3]]}}'.replace(
        'NaN_',
        '0',
      ),
    ],
  ])('reads a body with %s', async (_, body) => {
    expect((await send(body)).scalar?.data).toEqual([[1, 8]]);
  });

  it.each([
    ['0.1', '0.2', '1', 0.1 + 0.2],
    ['1.7976931348623157e308', '0', '1', Number.MAX_VALUE],
    ['5e-324', '0', '1', 5e-324],
    ['-0', '-0', '1', -0],
    ['1e21', '0', '1', 1e21],
    ['9007199254740993', '0', '1', 9007199254740992],
    ['1', '2', '-2.5e-3', -2.5e-3 * 3],
  ])('adds %s and %s times %s to the last bit', async (e1, e2, scale, sum) => {
    expect((await send(rows(`[[1,${e1},${e2}]]`, undefined, scale))).scalar?.data).toEqual([[1, sum]]);
  });

  it('writes missing samples as NaN on request, which kasem call reads', async () => {
    const other = await startService({ MISSING_SAMPLES: 'NaN' });
    const body = bodyOf([
      [1, null, 2],
      [2, 3, 4],
    ]);
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${other.url}/method`, { method: 'POST', headers, body });
    const text = await response.text();
    expect(text).toContain('"data":[[1.0,NaN],[2.0,7.0]]');
    expect([...readResponse(Buffer.from(text)).columns.values()]).toEqual([
      Float64Array.of(1, 2),
      Float64Array.of(NaN, 7),
    ]);
    await other.close();
  });

  it('logs valid Unicode, even if a name is not', async () => {
    const body =
      '{"param":{"scale":{"\\ud800":{"constructor":1}}},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}';
    const { log, error } = (await call(service.url, { body })).json;
    expect([error, log.isWellFormed()]).toEqual([21, true]);
  });

  it('writes 100,000 rows as JSON.stringify does, dates with .0', async () => {
    const data = sampleRows(100_000);
    const response = await call(service.url, { body: bodyOf(data, 3) });
    const expected = data.map(([date, e1, e2]) => [date, 3 * ((e1 as number) + (e2 as number))]);
    const scalar = JSON.stringify({ headers: ['date', 'sum_ts'], data: expected }).replaceAll(/\[(\d+),/g, '[$1.0,');
    expect(response.text === `{"scalar":${scalar},"error":0,"log":"100000 rows, none missing"}`).toBe(true);
  });

  const H = '"headers":["date","e1_ts","e2_ts"]';
  const refused: [string, string, keyof typeof ERROR_CODES, string][] = [
    ['an empty body', '', 'MALFORMED_JSON', 'the body is empty'],
    ['a body cut short', rows('[[1,2,3]'), 'MALFORMED_JSON', 'the body is not valid JSON'],
    ['NaN outside of a row', rows('[]', undefined, 'NaN'), 'MALFORMED_JSON', 'the body is not valid JSON'],
    ['NaN inside of a cell', rows('[[1,[NaN],3]]'), 'MALFORMED_JSON', 'the body is not valid JSON'],
    ['a number that JSON has not', rows('[[1,01,3]]'), 'MALFORMED_JSON', 'the body is not valid JSON'],
    ['a bad row and then a bad end', `${rows('[[1,"x",3]]')}]`, 'MALFORMED_JSON', 'the body is not valid JSON'],
    ['an array', '[]', 'INVALID_BODY', 'the body: expected an object, got an array'],
    ['no param', `{"scalar":{${H},"data":[]}}`, 'INVALID_BODY', 'param is missing'],
    ['no scalar', '{"param":{"scale":1}}', 'INVALID_BODY', 'scalar is missing'],
    ['no data', `{"param":{"scale":1},"scalar":{${H}}}`, 'INVALID_BODY', 'scalar.data is missing'],
    ['data that is no array', rows('{}'), 'INVALID_BODY', 'scalar.data: expected an array, got an object'],
    [
      'scale twice',
      '{"param":{"scale":1,"sc\\u0061le":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}',
      'INVALID_BODY',
      'param.scale appears twice',
    ],
    [
      'data twice',
      `{"param":{"scale":1},"scalar":{${H},"data":[],"data":[]}}`,
      'INVALID_BODY',
      'scalar.data appears twice',
    ],
    [
      'no scale',
      `{"param":{},"scalar":{${H},"data":[]}}`,
      'INVALID_PARAM',
      'param.scale: expected a finite number, got nothing',
    ],
    [
      'a scale as text',
      rows('[]', undefined, '"25"'),
      'INVALID_PARAM',
      'param.scale: expected a finite number, got the string "25"',
    ],
    [
      'a scale past the largest double',
      rows('[]', undefined, '1e999'),
      'INVALID_PARAM',
      'param.scale: expected a finite number, got a number past the largest double',
    ],
    ['no headers', '{"param":{"scale":1},"scalar":{"data":[]}}', 'INVALID_HEADERS', 'scalar.headers is missing'],
    [
      'a header that is no text',
      rows('[]', '["date","e1_ts",3]'),
      'INVALID_HEADERS',
      'scalar.headers[2]: expected a string, got 3',
    ],
    [
      'a needed header twice',
      rows('[]', '["date","e1_ts","e2_ts","e1_ts"]'),
      'INVALID_HEADERS',
      'scalar.headers[3]: e1_ts appears twice, first at scalar.headers[1]',
    ],
    [
      'a misspelt series',
      rows('[]', '["date","e1_ts","e3_ts"]'),
      'MISSING_SERIES',
      'scalar.headers: expected e2_ts, got ["date","e1_ts","e3_ts"]',
    ],
    [
      'a short row',
      rows('[[1,2,3],[1,2]]'),
      'INVALID_ROW',
      'scalar.data[1]: expected 3 values, as in scalar.headers, got 2',
    ],
    [
      'a row that is no array',
      rows('[[1,2,3],{}]'),
      'INVALID_ROW',
      'scalar.data[1]: expected an array of 3 values, got an object',
    ],
    [
      'a sample as text',
      rows('[[1,2,3],[1,2,"3"]]'),
      'INVALID_SAMPLE',
      'scalar.data[1][2] (e2_ts): expected a number or a missing sample, got the string "3"',
    ],
    [
      'a sample past the largest double',
      rows('[[1,1e999,3]]'),
      'INVALID_SAMPLE',
      'scalar.data[0][1] (e1_ts): expected a number or a missing sample, got a number past the largest double',
    ],
    [
      'a date that is null',
      rows('[[null,2,3]]'),
      'INVALID_DATE',
      'scalar.data[0][0] (date): expected a number, got null',
    ],
    [
      'a date that is NaN',
      rows('[[1,2,3],[NaN,2,3]]'),
      'INVALID_DATE',
      'scalar.data[1][0] (date): expected a number, got NaN',
    ],
    [
      'a sum that overflows',
      rows('[[1,1,1],[2,1.7e308,1.7e308]]'),
      'OVERFLOW',
      'scalar.data[1]: sum_ts is past the largest double',
    ],
    [
      'a sum that overflows, times 0',
      rows('[[1,1.7e308,1.7e308]]', undefined, '0'),
      'OVERFLOW',
      'scalar.data[0]: sum_ts is past the largest double',
    ],
  ];

  it.each(refused)('refuses %s and says where', async (_, body, name, log) => {
    const response = await call(service.url, { body });
    const { code, status, managed } = ERROR_CODES[name];
    expect(response.status).toBe(managed ? 200 : status);
    expect(response.json.error).toBe(code);
    expect(response.json.log).toContain(log);
    expect(Object.keys(response.json)).toEqual(['error', 'log']);
  });

  it.each(refused)('uses the HTTP status for %s if that is configured', async (_, body, name) => {
    const http = await startService({ ERROR_HTTP_STATUS: 'http' });
    const response = await call(http.url, { body }).finally(() => http.close());
    expect([response.status, response.json.error]).toEqual([ERROR_CODES[name].status, ERROR_CODES[name].code]);
  });

  it('refuses text that is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect((await call(service.url, { body })).json.error).toBe(ERROR_CODES.MALFORMED_JSON.code);
  });
});
