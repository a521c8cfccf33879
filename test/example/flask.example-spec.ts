import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadCases } from '../../src/cli/cases.js';
import { checkCase } from '../../src/cli/check.js';
import { readPages, ROOT, textOf, type Part } from '../support/pages.js';
import { startService, type Service } from '../support/service.js';

/** A body in one form, and its name. */
interface Kind {
  readonly name: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** The texts that replace one value. */
const VALUES: readonly string[] = [
  // Numbers in every form.
  ...['1.5', '3', '3.0', '1e2', '1E+2', '2.5e-3', '-0', '-0.0', '-7', '5e-324', '1.7976931348623157e308'],
  ...['0.1000000000000000055511151231257827021181583404541015625', '1e-400', '1e308', '1e400', '-1e400'],
  ...['9007199254740993', '9223372036854775807', '36893488147419103232', '1420066800', '1420066800000'],
  // Missing samples, and other words for them.
  ...['null', 'NaN', '"NaN"', '"nan"', '"null"', '"NA"', '"-"', '""', 'nan', 'None', 'undefined', '-NaN', ''],
  // Numbers that are not JSON.
  ...['Infinity', '-Infinity', '01', '1.', '.5', '+1', '0x10', '1e', '1_000', '1,25'],
  // Other types.
  ...['"1.5"', '"1,25"', '"abc"', '"2015-01-01"', 'true', 'false', '[1.5]', '[]', '{}', '{"value":1.5}'],
];

const NAMES = '["date","e1_ts","e2_ts"]';
const bodyOf = (data: string, scale = '25', names = NAMES, more = '') =>
  `{"param":{"scale":${scale}${more}},"scalar":{"headers":${names},"data":[${data}]}}`;

/** The bodies with a value at one position. Pandas derives the type of a column from all its values. */
const POSITIONS: Readonly<Record<string, (value: string) => string>> = {
  'e1_ts, alone': (v) => bodyOf(`[1420066800.0,${v},842.5]`),
  'e2_ts, alone': (v) => bodyOf(`[1420066800.0,842.5,${v}]`),
  'e1_ts, beside whole numbers': (v) => bodyOf(`[1420066800,7,3],[1420066801,${v},3]`),
  'e1_ts, beside fractions': (v) => bodyOf(`[1420066800.0,1.25,3.5],[1420066801.0,${v},3.5]`),
  'both samples': (v) => bodyOf(`[1420066800.0,${v},${v}]`),
  'date, alone': (v) => bodyOf(`[${v},1.25,842.5]`),
  'date, beside fractions': (v) => bodyOf(`[1.5,1.25,842.5],[${v},1.25,842.5]`),
  'scale, of fractions': (v) => bodyOf('[1420066800.0,1.25,842.5]', v),
  'scale, of whole numbers': (v) => bodyOf('[1420066800,2,3]', v),
  'another column': (v) => bodyOf(`[${v},1420066800.0,1.25,842.5]`, '25', '["x","date","e1_ts","e2_ts"]'),
  'another param': (v) => bodyOf('[1420066800.0,1.25,842.5]', '25', NAMES, `,"mode":${v}`),
  'a further cell': (v) => bodyOf(`[1420066800.0,1.25,842.5,${v}]`),
  'a further header': (v) => bodyOf('[1420066800.0,1.25,842.5]', '25', `["date","e1_ts","e2_ts",${v}]`),
  'a row': (v) => bodyOf(v),
};

const ROWS = '[[1420066800.0,1.25,842.5],[1420066801.0,17.5,null]]';
const ORDERS: Readonly<Record<string, string>> = {
  'as documented': `{"param":{"scale":25},"scalar":{"headers":${NAMES},"data":${ROWS}}}`,
  'scalar first': `{"scalar":{"headers":${NAMES},"data":${ROWS}},"param":{"scale":25}}`,
  'data first': `{"scalar":{"data":${ROWS},"headers":${NAMES}},"param":{"scale":25}}`,
  'among others, escaped': `{"é":[1],"p\\u0061ram":{"x":{},"scale":25},"scalar":{"unit":"°","headers":${NAMES},"data":${ROWS}},"z":null}`,
  'a param twice': `{"param":{"scale":1},"param":{"scale":25},"scalar":{"headers":${NAMES},"data":${ROWS}}}`,
};
const ENCODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a byte order mark': (text) => Buffer.from(`\uFEFF${text}`),
  'UTF-16LE': (text) => Buffer.from(text, 'utf16le'),
  'UTF-16LE with a byte order mark': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  'UTF-16BE': (text) => Buffer.from(text, 'utf16le').swap16(),
  'Latin-1': (text) => Buffer.from(text, 'latin1'),
};
const MEDIA_TYPES: readonly (string | undefined)[] = [
  ...['application/json', 'Application/JSON; charset=utf-8', 'application/json; charset="iso-8859-1"'],
  ...['application/vnd.kasem+json', 'text/json', 'text/plain', 'application/x-www-form-urlencoded', undefined],
];
const CODINGS: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  identity: (bytes) => bytes,
  gzip: gzipSync,
  deflate: deflateSync,
  'deflate, raw': deflateRawSync,
  br: brotliCompressSync,
};

const JSON_TYPE = { 'Content-Type': 'application/json' };

function* kinds(): Generator<Kind> {
  for (const [position, body] of Object.entries(POSITIONS))
    for (const value of VALUES)
      yield { name: `${position}: ${value}`, body: Buffer.from(body(value)), headers: JSON_TYPE };
  for (const [order, text] of Object.entries(ORDERS))
    for (const [encoding, encode] of Object.entries(ENCODINGS))
      for (const type of MEDIA_TYPES)
        for (const [coding, compress] of Object.entries(CODINGS))
          yield {
            name: `keys ${order}; ${encoding}; ${type ?? 'no media type'}; ${coding}`,
            body: compress(encode(text)),
            headers: {
              ...(type !== undefined && { 'Content-Type': type }),
              ...(coding !== 'identity' && { 'Content-Encoding': coding.replace(/,.*/, '') }),
            },
          };
}

/**
 * The kinds that the example accepts with 200, but this service refuses or computes differently. `change` is the one that
 * docs/from-the-flask-example.md shows for them.
 */
const STRICTER: readonly { readonly change: string; readonly kinds: RegExp }[] = [
  {
    change: '"data": [[1420066800, 1e308, 1e308]]',
    kinds: /^(e|both|scale).*: (1e308|1\.7976931348623157e308)$/,
  },
  { change: '"data": [[1420066800, 1e400, 842.5]]', kinds: /: -?1e400$/ },
  { change: '"data": [[1420066800, Infinity, 842.5]]', kinds: /: -?Infinity$/ },
  { change: '"data": [[1420066800, "1.5", "2.5"]]', kinds: /^both samples: "/ },
  { change: '"data": [[1420066800, [1.5], [2.5]]]', kinds: /^both samples: \[/ },
  { change: '"data": [[1420066800, true, 842.5]]', kinds: /^(e|both).*: (true|false)$/ },
  {
    change: '"data": [[1420066800, 9223372036854775807, 9]]',
    kinds: /whole numbers?: \d{16,19}$|^both samples: \d{16,19}$/,
  },
  { change: '"data": [[-0, 1.25, 842.5]]', kinds: /: -0$/ },
  { change: '"data": [[null, 1.25, 842.5]]', kinds: /^date.*: (null|NaN)$/ },
  { change: '"data": [["2015-01-01", 1.25, 842.5]]', kinds: /^date.*: (".*|true|false|\[.*|\{.*)$/ },
  { change: '"data": [{}]', kinds: /^a row: \{/ },
  { change: '"scale": true', kinds: /^scale.*: (true|false|\[1\.5\])$/ },
  { change: '"scale": NaN', kinds: /^(scale|another param).*: NaN$/ },
  { change: '"param": {"scale": 1}, "param": {"scale": 2}', kinds: /^keys a param twice;/ },
  { change: 'the body in UTF-16', kinds: /; UTF-16/ },
];

let service: Service;
let gunicorn: ChildProcess;
let example: string;
beforeAll(async () => {
  service = await startService();
  const args = ['--workers', '1', '--bind', '127.0.0.1:0', '--chdir', 'bench/rivals/flask', 'app:app'];
  gunicorn = spawn('/usr/bin/gunicorn', args, {
    cwd: ROOT,
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  example = await new Promise((resolve, reject) => {
    let output = '';
    gunicorn.stderr?.on('data', (text: Buffer) => {
      output += text.toString();
      const url = /Listening at: (http:\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
    gunicorn.on('error', reject).on('exit', () => reject(new Error(output)));
  });
});
afterAll(async () => {
  const ended = once(gunicorn, 'exit');
  gunicorn.kill();
  await Promise.all([ended, service.close()]);
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(url: string, { body, headers }: Pick<Kind, 'body' | 'headers'>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/method`, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': body.length },
      agent: false,
    });
    outgoing.on('error', reject).on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text })).on('error', reject);
    });
    outgoing.end(body);
  });
}

/** The rows of a response as text, the same for the same doubles, with null for a missing sample. */
function rowsOf({ status, text }: Answer): string | undefined {
  if (status !== 200) return undefined;
  const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (found) =>
    found === 'NaN' ? 'null' : found.endsWith('Infinity') ? `"${found}"` : found,
  );
  const { scalar } = JSON.parse(strict) as { scalar?: { data: unknown[][] } };
  return scalar && JSON.stringify(scalar.data, (_, cell: unknown) => (Object.is(cell, -0) ? '-0' : cell));
}

describe('the bodies that the example accepts', () => {
  it('get the same doubles from this service, or the page says that it is stricter', async () => {
    const unlisted: string[] = [];
    const met = new Set<string>();
    for (const kind of kinds()) {
      const theirs = rowsOf(await post(example, kind));
      if (theirs === undefined) continue;
      const answer = await post(service.url, kind);
      const ours = rowsOf(answer);
      if (ours === theirs) continue;
      const change = STRICTER.find((entry) => entry.kinds.test(kind.name))?.change;
      if (change === undefined) unlisted.push(`${kind.name}: ${theirs} and not ${ours ?? answer.text}`);
      else met.add(change);
    }
    expect(unlisted).toEqual([]);
    expect(STRICTER.map(({ change }) => change).filter((change) => !met.has(change))).toEqual([]);
  }, 900_000);

  it('include those of the checker’s level `documented`', async () => {
    for (const one of loadCases().filter(({ level }) => level === 'documented')) {
      const url = new URL(`${example}/method`);
      const { faults } = await checkCase(one, { url, errorHttpStatus: 'either', timeout: 20_000 });
      expect([one.name, ...faults]).toEqual([one.name]);
    }
  });
});

describe('the table of stricter rules', () => {
  const page = readPages().find(({ path }) => path === 'docs/from-the-flask-example.md');
  const table = page?.parts.filter(({ type }) => type === 'table').at(-1);
  const rows = (table?.children ?? []).slice(1).map(({ children = [] }) => children);
  const base = page?.blocks.find(({ lang }) => lang === 'json')?.code ?? '';

  it('has a row for each of these kinds', () => {
    const changes = rows.map(([change]) => change && textOf(change));
    expect(STRICTER.map(({ change }) => change).filter((change) => !changes.includes(change))).toEqual([]);
  });

  it.each(rows.map(([change, ...cells]) => [textOf(change as Part), cells] as const))(
    'is correct: %s',
    async (change, [theirs, ours]) => {
      const text = change.startsWith('"') ? changed(base, change) : base;
      const body = Buffer.from(text, text === base ? 'utf16le' : 'utf8');
      const them = await post(example, { body, headers: JSON_TYPE });
      const us = await post(service.url, { body, headers: JSON_TYPE });

      // The cell shows the status of an HTML page, or a code or number.
      const [shown] = /^500|[\d.]+$/.exec(textOf(theirs as Part)) ?? [];
      const code = theirs?.children?.find(({ type }) => type === 'inlineCode')?.value;
      expect(`${them.status} ${them.text.replaceAll(/\s/g, '')}`).toContain(shown ?? code);

      const { error, log } = JSON.parse(us.text) as { error: number; log: string };
      expect(error === 0 ? us.text : `${error} ${log}`).toContain(textOf(ours as Part));
    },
  );
});

/** The body with another value for the key at the start of `change`. */
function changed(base: string, change: string): string {
  const key = /^"\w+": /.exec(change)?.[0] ?? '';
  const start = base.indexOf(key);
  for (let end = start + key.length + 1; end <= base.length; end++)
    try {
      JSON.parse(base.slice(start + key.length, end));
      if (/[\s,}\]]/.test(base[end] ?? '')) return base.slice(0, start) + change + base.slice(end);
    } catch {
      // The value continues.
    }
  throw new Error(`no ${key} in ${base}`);
}
