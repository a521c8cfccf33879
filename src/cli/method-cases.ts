import { DATE } from '../common/frame/frame.js';
import { type MethodExample } from '../common/method/method-declaration.js';
import { type Case, type Level } from './cases.js';
import { type DescribedMethod } from './described-methods.js';

/** The same method may give other last bits on another machine. */
const TOLERANCE = 1e-12;

/** A cell as JSON text. */
type Cells = readonly string[];

const textOf = (row: readonly (number | null)[]): Cells => row.map((cell) => JSON.stringify(cell));
const rowText = (cells: Cells): string => `[${cells.join()}]`;
const dataText = (rows: readonly Cells[]): string => `[${rows.map(rowText).join()}]`;

/** @ is escaped, since it stands for other bytes in a case. */
const body = (param: object, headers: unknown, data: string): string =>
  `{"param":${JSON.stringify(param)},"scalar":{"headers":${JSON.stringify(headers)},"data":${data}}}`.replaceAll(
    '@',
    String.raw`\u0040`,
  );

/** The name of a column that the method does not take. It is longer than any of them. */
const otherThan = (headers: readonly string[]): string => `no ${headers.join()}`;

const one = (level: Level, name: string, request: Case['request'], expect: Case['expect']): Case => ({
  level,
  name,
  request,
  expect,
});

/** The parts of the contract that hold for every method, in bodies for this one. */
export function casesOf(method: DescribedMethod): Case[] {
  return [...refusals(method), ...transport(method), ...responses(method)];
}

/** Bodies that are refused before the method's rules for its params are checked. */
function* refusals({ inputs, optional, examples }: DescribedMethod): Generator<Case> {
  const headers = [DATE, ...inputs];
  const param = examples[0]?.param ?? {};
  const row = textOf(examples[0]?.rows[0] ?? headers.map((_, i) => i));
  const whole = body(param, headers, dataText([row]));
  const without = (name: string) => headers.filter((other) => other !== name);
  const withCell = (column: number, cell: string) => row.map((other, i) => (i === column ? cell : other));

  for (const [level, name, text] of [
    ['contract', 'an empty body', ''],
    ['contract', 'a body that is cut short', whole.slice(0, -3)],
    ['contract', 'text that is not JSON', headers.join(';')],
    ['robust', 'a second text behind the first', `${whole}{}`],
    ['robust', 'a comma too many', whole.replace(/]}}$/, ',]}}')],
    ['robust', 'a comment', whole.replace(/}$/, '/* none */}')],
  ] as const)
    yield one(level, `${name} is malformed`, { body: text }, { error: 'MALFORMED_JSON' });
  yield one(
    'robust',
    'bytes that are no UTF-8 are malformed',
    { body: whole.replace(/}$/, ',"x":"@"}'), hex: 'c080' },
    { error: 'MALFORMED_JSON' },
  );

  const scalar = `"scalar":{"headers":${JSON.stringify(headers)},"data":[]}`;
  for (const [level, name, text, log] of [
    ['contract', 'an empty object', '{}', ''],
    ['contract', 'a body without param', `{${scalar}}`, 'param'],
    ['contract', 'a body without scalar', `{"param":${JSON.stringify(param)}}`, 'scalar'],
    [
      'contract',
      'a body without data',
      `{"param":${JSON.stringify(param)},${scalar.replace(',"data":[]', '')}}`,
      'data',
    ],
    ['robust', 'a body that is a list', '[]', ''],
    ['robust', 'a param that is no object', `{"param":[1],${scalar}}`, 'param'],
    ['robust', 'data that is no list', body(param, headers, '{}'), 'data'],
    ['robust', 'scalar twice', `{${scalar},"param":{},${scalar}}`, 'scalar'],
  ] as const)
    yield one(level, `${name} is refused`, { body: text }, { error: 'INVALID_BODY', log });

  for (const [level, name, value] of [
    ['contract', 'missing headers are', undefined],
    ['robust', 'headers that are not all text are', [...headers, 4]],
    ['contract', 'a needed name twice is', [...headers, ...headers.slice(-1)]],
  ] as const)
    yield one(
      level,
      `${name} refused`,
      { body: body(param, value, '[]').replace('"headers":undefined,', '') },
      { error: 'INVALID_HEADERS', log: 'headers' },
    );
  for (const name of headers.filter((header) => !optional.includes(header)))
    yield one(
      'contract',
      `a body without ${name} is refused, and the log names it`,
      { body: body(param, without(name), '[]') },
      { error: 'MISSING_SERIES', log: name },
    );

  for (const [level, name, second] of [
    ['contract', 'a short row', rowText(row.slice(1))],
    ['contract', 'a long row', rowText([...row, '1'])],
    ['robust', 'a row that is no list', '{"date":1}'],
    ['robust', 'a row that is null', 'null'],
  ] as const)
    yield one(
      level,
      `${name} is refused with its number`,
      { body: body(param, headers, `[${rowText(row)},${second}]`) },
      { error: 'INVALID_ROW', log: 'scalar.data[1]' },
    );

  for (const [level, name, cell, error] of [
    ['contract', 'null', 'null', 'INVALID_DATE'],
    ['contract', 'a string', '"2015-01-01"', 'INVALID_DATE'],
    ['robust', 'NaN', 'NaN', 'INVALID_DATE'],
    ['robust', 'past the largest double', '1e309', 'INVALID_DATE'],
    ['robust', 'a word', 'None', 'MALFORMED_JSON'],
  ] as const)
    yield one(
      level,
      `a date that is ${name} is refused with its place`,
      { body: body(param, headers, dataText([row, withCell(0, cell)])) },
      { error, log: 'scalar.data[1][0]' },
    );
  for (const [i, series] of inputs.entries())
    for (const [level, name, cell, error] of [
      ['contract', 'a string', '"a"', 'INVALID_SAMPLE'],
      ['contract', 'text of a number', '"3"', 'INVALID_SAMPLE'],
      ['robust', 'true', 'true', 'INVALID_SAMPLE'],
      ['robust', 'a list', '[2]', 'INVALID_SAMPLE'],
      ['robust', 'past the largest double', '-1e309', 'INVALID_SAMPLE'],
      ['robust', 'Infinity', 'Infinity', 'MALFORMED_JSON'],
    ] as const)
      yield one(
        level,
        `a sample of ${series} that is ${name} is refused with its place`,
        {
          body: body(
            param,
            [otherThan(headers), ...headers],
            dataText([
              ['0', ...row],
              ['"x"', ...withCell(i + 1, cell)],
            ]),
          ),
        },
        { error, log: `scalar.data[1][${i + 2}]` },
      );
}

/** Cases of HTTP that need no valid body. */
function* transport({ inputs }: DescribedMethod): Generator<Case> {
  const text = body({}, [DATE, ...inputs], '[]');
  yield one(
    'robust',
    'a compressed body that is cut short is malformed',
    { body: text, compress: 'gzip', cut: -9 },
    { error: 'MALFORMED_JSON' },
  );
  for (const [name, headers] of [
    ['an unknown content coding', { 'Content-Encoding': 'zstd' }],
    ['another content type', { 'Content-Type': 'text/plain' }],
  ] as const)
    yield one('robust', `${name} is refused`, { body: text, headers }, { error: 'UNSUPPORTED_MEDIA_TYPE' });
  yield one(
    'robust',
    'another verb is refused, and Allow says which there is',
    { method: 'GET', headers: { 'Content-Type': null } },
    { error: 'METHOD_NOT_ALLOWED', headers: { Allow: 'POST' } },
  );
}

/** The examples of the description, and the first one in every form that the contract allows. */
function* responses({ inputs, outputs, examples }: DescribedMethod): Generator<Case> {
  const expected = ({ response }: MethodExample): Case['expect'] => ({
    columns: [DATE, ...outputs],
    data: JSON.stringify(response),
    tolerance: TOLERANCE,
  });
  const headers = [DATE, ...inputs];
  for (const example of examples) {
    const text = body(example.param, headers, JSON.stringify(example.rows));
    yield one(
      'contract',
      `the example "${example.summary}" gets its response`,
      { body: text },
      {
        ...expected(example),
        log: example.log,
      },
    );
  }
  const [example] = examples;
  if (example === undefined) return;
  const { param } = example;
  const rows = example.rows.map(textOf);
  const whole = body(param, headers, dataText(rows));
  const [params, data] = [JSON.stringify(param), dataText(rows)];
  const names = JSON.stringify(headers);
  const chunks = Math.ceil(whole.length / 200);
  for (const [level, name, request] of [
    [
      'contract',
      'the columns may stand in any order',
      { body: body(param, headers.toReversed(), dataText(rows.map((row) => row.toReversed()))) },
    ],
    [
      'contract',
      'other columns are ignored, whatever JSON stands in them',
      {
        body: body(
          param,
          [otherThan(headers), ...headers, otherThan(headers)],
          dataText(rows.map((row) => ['{"a":[1,"]"]}', ...row, 'NaN'])),
        ),
      },
    ],
    [
      'contract',
      'unknown keys are ignored at the top and under scalar',
      { body: `{"x":1,"param":${params},"scalar":{"unit":{},"headers":${names},"data":${data}},"y":[]}` },
    ],
    [
      'contract',
      'scalar may stand before param',
      { body: `{"scalar":{"headers":${names},"data":${data}},"param":${params}}` },
    ],
    [
      'robust',
      'data may stand before headers',
      { body: `{"scalar":{"data":${data},"headers":${names}},"param":${params}}` },
    ],
    [
      'robust',
      'white space may stand anywhere',
      {
        body: ` \r\n{ "param" :\t${params} , "scalar" : { "headers" : ${names} ,\n"data" : [ ${rows.map((row) => `[ ${row.join(' , ')} ]`).join(' , ')} ] } }\n`,
      },
    ],
    ['robust', 'a missing sample may be NaN', { body: body(param, headers, data.replaceAll('null', 'NaN')) }],
    [
      'robust',
      'a missing sample may be the text NaN',
      { body: body(param, headers, data.replaceAll('null', '"NaN"')) },
    ],
    ['robust', 'a byte order mark before the body is skipped', { body: `@${whole}`, hex: 'efbbbf' }],
    ['contract', 'a body in pieces is answered', { body: whole, chunks }],
    ['robust', 'a body compressed with gzip is answered, also in pieces', { body: whole, compress: 'gzip', chunks }],
    ['robust', 'a body compressed with deflate is answered', { body: whole, compress: 'deflate' }],
    ['robust', 'a body compressed with br is answered', { body: whole, compress: 'br' }],
    [
      'contract',
      'the content type may name its charset',
      { body: whole, headers: { 'Content-Type': 'application/json; charset=utf-8' } },
    ],
    ['robust', 'a body without a content type is answered', { body: whole, headers: { 'Content-Type': null } }],
    [
      'robust',
      'the content type may be one that is built on JSON',
      { body: whole, headers: { 'Content-Type': 'application/vnd.x+json' } },
    ],
    ['contract', 'the path with a slash at its end is the same method', { body: whole, suffix: '/' }],
  ] as [Level, string, Case['request']][])
    yield one(level, name, request, expected(example));
}
