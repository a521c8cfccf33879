import { describe, expect } from '@jest/globals';
import { around, type Around, CELLS, longRow, lengthOf, rowsOf, unfinished, type Pieces } from './bodies.js';
import { requestBytes, sendAll, sendWithoutEnd, type Sending } from './client.js';
import { MAX_BODY_BYTES, podUnderAttack, type Pod } from './pod.js';

const MEBIBYTE = 1 << 20;
const ROW_BYTES = MEBIBYTE - 16;

/** Sends a complete body over each connection, and expects this error from all. */
async function expectError(
  pod: Pod,
  error: number,
  body: Pieces,
  sending: Sending = {},
  connections = 1,
): Promise<void> {
  const responses = await sendAll(pod, requestBytes(body, sending), connections);
  expect(responses.map((response) => [response.error, response.text])).toEqual(
    responses.map(({ text }) => [error, text]),
  );
}

describe('rows that do not end', () => {
  const attack = podUnderAttack();
  const CONNECTIONS = 17;

  const hold = (name: string, body: Pieces, sending: Sending = {}) =>
    attack(name, (pod) => sendWithoutEnd(pod, requestBytes(body, { isUnfinished: true, ...sending }), CONNECTIONS), {
      bytes: lengthOf(body) * CONNECTIONS,
    });
  const open = (cell: string, options: Around = {}) => unfinished(around(longRow(cell, ROW_BYTES), options));

  hold('17 of the shortest cells', open('0'));
  hold('17 of the shortest cells in 1 kB of flushed gzip', open('0'), { coding: 'gzip flushed' });
  hold('17 after a row that is too short', unfinished(around([['[0],', 1], ...longRow('0', ROW_BYTES)])));
  hold('17 before their headers', open('0', { dataFirst: true }));
  hold('17 before their headers in flushed gzip', open('0', { dataFirst: true }), { coding: 'gzip flushed' });
  hold('17 of empty arrays', open('[]'));
  hold('17 of empty strings', open('""'), { chunkBytes: 1_024 });
  hold('17 longer than a row may be', unfinished(around(longRow('0', 4 * ROW_BYTES))));
  hold('17 headers that do not end', [
    ['{"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"', 1],
    [',""', ROW_BYTES / 3],
  ]);
  hold('17 scales that do not end', [
    ['{"param":{"scale":[0', 1],
    [',0', ROW_BYTES / 2],
  ]);
  hold('17 strings that do not end', [
    ['{"param":{"scale":"', 1],
    ['x', 2 * MEBIBYTE],
  ]);
  hold('17 keys that do not end', [
    ['{"', 1],
    ['x', 2 * MEBIBYTE],
  ]);
});

describe('chunks of one byte', () => {
  const attack = podUnderAttack();
  const trickle = (name: string, error: number, body: Pieces) =>
    attack(name, (pod) => expectError(pod, error, body, { chunkBytes: 1 }), { bytes: lengthOf(body) });

  trickle('rows before their headers', 0, around(rowsOf('[1,2,3]', MEBIBYTE), { dataFirst: true }));
  trickle('rows of strings, which are not dates', 26, around(rowsOf('["","",""]', MEBIBYTE / 2)));
  trickle(
    'one row of a long string, which is not a sample',
    25,
    around([
      ['[1,2,"', 1],
      ['x', MEBIBYTE / 2],
      ['"]', 1],
    ]),
  );
  trickle('a param that is a long string', 21, [
    ['{"param":{"scale":"', 1],
    ['x', MEBIBYTE / 2],
    ['"},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ]);
  trickle('plain rows', 0, around(rowsOf('[1,2,3]', MEBIBYTE / 2)));

  for (const [connections, coding] of [
    [17, 'none'],
    [17, 'gzip members'],
    [100, 'none'],
    [100, 'gzip members'],
    [1000, 'none'],
  ] as const)
    attack(`${connections} connections at once, ${coding} of rows`, async (pod) => {
      const body = around(rowsOf('[1,2,3]', MEBIBYTE / connections));
      await sendAll(pod, requestBytes(body, { chunkBytes: 1, coding }), connections);
    });
});

describe('params and headers', () => {
  const attack = podUnderAttack();

  const scaleOf = (scale: Pieces): Pieces => [
    ['{"param":{"scale":', 1],
    ...scale,
    ['},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[0,0,0]]}}', 1],
  ];
  const headersOf = (names: Pieces): Pieces => [
    ['{"param":{"scale":1},"scalar":{"headers":[', 1],
    ...names,
    ['"date","e1_ts","e2_ts"],"data":[]}}', 1],
  ];
  const refused = (name: string, error: number, body: Pieces, sending: Sending = { coding: 'gzip' }) =>
    attack(name, (pod) => expectError(pod, error, body, sending, 3), { bytes: 3 * lengthOf(body) });
  const keys = Array.from({ length: 80_000 }, (_, key) => `"${key.toString(36)}":1`).join();

  refused('a scale of many keys', 21, scaleOf([[`{${keys}}`, 1]]));
  refused(
    'a scale of the same key',
    21,
    scaleOf([
      ['{', 1],
      ['"a":1,', 150_000],
      ['"a":1}', 1],
    ]),
  );
  refused(
    'a scale of many numbers',
    21,
    scaleOf([
      ['[', 1],
      ['0,', 500_000],
      ['0]', 1],
    ]),
  );
  refused(
    'a scale of many objects',
    21,
    scaleOf([
      ['[', 1],
      ['{},', 300_000],
      ['{}]', 1],
    ]),
  );
  refused(
    'a scale of nested arrays',
    21,
    scaleOf([
      ['[', 400],
      [']', 400],
    ]),
  );
  refused('a scale of many digits', 21, scaleOf([['1', 500_000]]));
  refused(
    'a scale of 32 MiB',
    21,
    scaleOf([
      ['"', 1],
      ['x', MAX_BODY_BYTES / 2],
      ['"', 1],
    ]),
  );
  for (const scale of [
    '{"constructor":"x"}',
    '{"__proto__":{"x":1}}',
    '{"__proto__":null}',
    '{"then":"x"}',
    '{"toString":"x","valueOf":"x","toJSON":"x"}',
    '{"hasOwnProperty":"x"}',
    '{"constructor":{"name":"x","prototype":null}}',
    '[{"constructor":"x"}]',
    '["constructor"]',
    '{"length":1e9}',
    '[[[[1]]]]',
    '"1"',
    'true',
    'null',
    'NaN',
    '{}',
    '[]',
  ])
    refused(`scale ${scale}`, scale === 'NaN' ? 10 : 21, scaleOf([[scale, 1]]), {});
  for (const key of ['__proto__', 'constructor', 'then', 'toString'])
    refused(
      `${key} instead of scale`,
      21,
      [[`{"param":{"${key}":{"scale":1}},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}`, 1]],
      {},
    );
  refused('many ignored headers', 0, headersOf([['"x",', 200_000]]));
  refused('headers of prototypes', 0, headersOf([['"__proto__","constructor","then","toString",', 10_000]]));
  refused('many headers that are not strings', 22, headersOf([['0,', 200_000]]));
  refused('many needed headers', 22, headersOf([['"date",', 100_000]]));
  refused('many unknown params', 0, [
    ['{"param":{', 1],
    [`${keys},`, 8],
    ['"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ]);
  refused('many unknown keys', 0, [
    ['{', 1],
    [`${keys},`, 8],
    ['"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ]);
  refused('unknown keys of escapes', 0, [
    ['{', 1],
    [`"${'\\u0061'.repeat(100)}":0,`, 20_000],
    ['"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ]);
  refused('a key of 16 MiB', 0, [
    ['{"', 1],
    ['\\u0061', (16 * MEBIBYTE) / 6],
    ['":0,"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ]);
  refused('the same needed key twice, with a long value', 20, [
    ['{"param":{"scale":1},"param":{"scale":[', 1],
    ['0,', 400_000],
    ['0]},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}', 1],
  ]);
});

describe('rows that cost most', () => {
  const attack = podUnderAttack();
  const BYTES = 24 * MEBIBYTE;

  const costly = (name: string, error: number, body: Pieces, connections = 1, sending: Sending = { coding: 'gzip' }) =>
    attack(name, (pod) => expectError(pod, error, body, sending, connections), {
      bytes: connections * lengthOf(body),
    });
  const fourth = (cell: string, bytes = BYTES): Pieces =>
    around(rowsOf(`[0,0,0,${cell}]`, bytes), { headers: ['date', 'e1_ts', 'e2_ts', 'x'] });

  costly('40 MiB of rows with an ignored empty array, 81 kB of gzip', 0, fourth('[]', 40 * MEBIBYTE));
  costly('24 MiB of rows with an ignored empty array, each a row too long', 24, around(rowsOf('[0,0,0,[]]', BYTES)));
  costly('16 times 2.5 MiB of rows with an ignored empty array', 0, fourth('[]', (5 * MEBIBYTE) / 2), 16);
  costly('24 MiB of empty rows', 24, around(rowsOf('[]', BYTES)));
  costly('24 MiB of rows that are numbers', 24, around(rowsOf('0', BYTES)));
  costly('24 MiB of rows of missing samples', 0, around(rowsOf('[0,NaN,null]', BYTES)));
  costly('24 MiB of escaped strings', 25, around(rowsOf('[0,"\\u004e","\\u004e"]', BYTES)));
  costly('24 MiB of the longest digits', 0, around(rowsOf(`[0,0.${'1234567890'.repeat(70)},0]`, BYTES)));
  costly(
    '24 MiB of numbers between two doubles',
    0,
    around(rowsOf('[0,9007199254740993,9007199254740993.0000000000000000001]', BYTES)),
  );
  costly(
    '24 MiB of white space',
    0,
    around([
      ['[0, 0,\n0\t]', 1],
      [' ', BYTES],
    ]),
  );
  costly('24 MiB of rows among white space', 0, around(rowsOf(' [ 0 , 0 , 0 ] ', BYTES)));
  costly('24 MiB of nested arrays', 0, fourth(`${'['.repeat(400)}${']'.repeat(400)}`));
  costly('24 MiB of empty objects', 0, fourth('{}'));
  costly('24 MiB of keys', 0, fourth('{"a":{"":0},"a":0}'));
  costly('24 MiB of ignored text', 0, fourth('"\\u0000"'));
});

describe('the longest bodies', () => {
  const attack = podUnderAttack();

  const full = (name: string, sending: Sending, options: { dataFirst?: boolean; row?: string } = {}) => {
    const { dataFirst = false, row = '[0,0,0]' } = options;
    const body = around(rowsOf(row, MAX_BODY_BYTES - 200), { dataFirst });
    attack(
      name,
      async (pod) => {
        const responses = await sendAll(pod, requestBytes(body, sending), 2);
        // The second body may be shed: it needs more memory than its text, which the budget does not have.
        for (const { error } of responses) expect([0, 26, 51]).toContain(error);
      },
      // If the length is unknown, columns grow with the body. Turns of some 240 ms were measured.
      {
        bytes: 2 * lengthOf(body),
        ...('chunkBytes' in sending || 'coding' in sending ? { maxTurnMs: 400 } : {}),
      },
    );
  };
  full('two bodies of the shortest rows', {});
  full('two bodies of the shortest rows in chunks', { chunkBytes: 65_536 });
  full('two bodies of the shortest rows in gzip', { coding: 'gzip' });
  full('two bodies of the shortest rows in br', { coding: 'br' });
  full('two bodies of rows before their headers', {}, { dataFirst: true });
  full('two bodies of rows before their headers in gzip', { coding: 'gzip' }, { dataFirst: true });
  full('two bodies of strings before their headers', {}, { dataFirst: true, row: '["","",""]' });
  full('two bodies whose responses are twice as long', {}, { row: '[1,1e21,0]' });

  attack('a thousand members of gzip', async (pod) => {
    const body = Buffer.alloc(60 * MEBIBYTE, ' ');
    await sendAll(pod, requestBytes(body, { coding: 'gzip members' }), 2);
  });
  for (const coding of ['gzip flushed', 'deflate', 'br'] as const)
    attack(`200 that begin in ${coding} and do not end`, async (pod) => {
      const body = unfinished(around(rowsOf('[0,0,0]', MEBIBYTE / 4)));
      await sendWithoutEnd(pod, requestBytes(body, { coding, isUnfinished: true }), 200);
    });
  attack('a bomb in each coding', async (pod) => {
    const body = Buffer.alloc(256 * MEBIBYTE, ' ');
    for (const coding of ['gzip', 'deflate', 'raw deflate', 'br'] as const) {
      const responses = await sendAll(pod, requestBytes(body, { coding }), 4);
      // Raw deflate may be refused as malformed.
      for (const { error } of responses) expect([10, 15, 51]).toContain(error);
    }
  });
});

describe('cells of each kind, ignored and needed', () => {
  const attack = podUnderAttack();
  for (const cell of CELLS) {
    const bytes = 2 * MEBIBYTE;
    const body = around(
      [
        [`[0,0,0,${cell}],`, Math.ceil(bytes / (cell.length + 8))],
        [`[${cell},${cell},${cell},0]`, 1],
      ],
      { headers: ['date', 'e1_ts', 'e2_ts', 'x'] },
    );
    attack(
      `${cell.slice(0, 40)} (${cell.length} bytes)`,
      (pod) => sendAll(pod, requestBytes(body, { chunkBytes: 1_000 }), 4),
      { bytes: 4 * lengthOf(body) },
    );
  }
});
