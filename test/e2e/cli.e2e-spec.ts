import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { careless, difference, example, imprecise } from '../fixtures/endpoints.js';
import { bodyOf, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const KASEM = resolve(import.meta.dirname, '../../bin/kasem.js');

/** Runs the built command. */
function kasem(args: readonly string[], input = ''): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((settle) => {
    const child = spawn(process.execPath, [KASEM, ...args]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += String(text)));
    child.stderr.on('data', (text) => (err += String(text)));
    child.on('close', (code) => settle({ code, out, err }));
    child.stdin.end(input);
  });
}

const endpoint = (listener: RequestListener) => listening(createServer(listener));

async function listening<T extends TcpServer>(server: T): Promise<{ url: string; server: T }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/method`, server };
}

const TOO_LARGE = 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 29\r\n\r\n';
const NULL_RESPONSE = '{"scalar":{"headers":["date","sum_ts"],"data":[[1,null]]}}';
const DIFFERENCE = '{"param":{},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[1,0.1,-0.2]]}}';

let service: Service;
let url: string;
beforeAll(async () => {
  service = await startService();
  url = `${service.url}/method`;
});
afterAll(() => service.close());

it('can be run by npx, which makes it executable only the first time', () => {
  expect(() => accessSync(KASEM, constants.X_OK)).not.toThrow();
});

describe('kasem check', () => {
  it('finds that this service keeps the contract', async () => {
    const { code, out, err } = await kasem(['check', url]);
    expect(out).not.toContain('FAILS');
    expect(out).toMatch(/documented +(\d+) of \1 hold\ncontract +(\d+) of \2 hold\nrobust +(\d+) of \3 hold\n$/);
    expect([code, err]).toEqual([0, '']);
  }, 120_000);

  it('prints JSON for one level and a choice of cases', async () => {
    const { code, out } = await kasem(['check', url, '--json', '--level', 'contract', '--only', 'date']);
    const { cases } = JSON.parse(out) as { cases: { name: string; level: string; holds: boolean }[] };
    expect(cases.length).toBeGreaterThan(2);
    for (const one of cases)
      expect([one.level, one.holds, one.name.includes('date')]).toEqual([
        expect.stringMatching(/^(documented|contract)$/),
        true,
        true,
      ]);
    expect(code).toBe(0);
  });

  const right = { scalar: { headers: ['date', 'sum_ts'], data: [[1, 5]] }, error: 0, log: 'ok' };
  const json = { 'Content-Type': 'application/json' };
  it.each<[string, RequestListener, string]>([
    ['hangs', () => undefined, 'nothing came for 300 ms'],
    ['cuts the connection', (request) => request.socket.destroy(), 'the connection was cut before a response'],
    [
      'cuts its response',
      (request, response) => {
        response.writeHead(200, { ...json, 'Content-Length': 1000 }).write('{"error"');
        setTimeout(() => request.socket.destroy(), 20);
      },
      'the connection was cut within the response',
    ],
    [
      'never ends its response',
      (_, response) => {
        response.writeHead(200, json);
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
      'no end of the response within 900 ms',
    ],
    [
      'answers HTML',
      (_, response) => void response.writeHead(500, { 'Content-Type': 'text/html' }).end('<html>'),
      'the response is not JSON',
    ],
    [
      'redirects',
      (_, response) => void response.writeHead(308, { Location: '/method/', ...json }).end('{}'),
      'the status is 308 and not 200: a redirect to /method/',
    ],
    [
      'answers NaN',
      (_, response) =>
        void response
          .writeHead(200, json)
          .end('{"scalar":{"headers":["date","sum_ts"],"data":[[1,NaN]]},"error":0,"log":"NaN"}'),
      'scalar.data[0][1] is null and not 5',
    ],
    [
      'is off by one bit',
      (_, response) =>
        void response
          .writeHead(200, json)
          .end(JSON.stringify({ ...right, scalar: { ...right.scalar, data: [[1, 5.000000000000001]] } })),
      'scalar.data[0][1] is 5.000000000000001 and not 5',
    ],
    [
      'drops a row',
      (_, response) =>
        void response.writeHead(200, json).end(JSON.stringify({ ...right, scalar: { ...right.scalar, data: [] } })),
      'scalar.data has 0 rows and not 1',
    ],
    [
      'says nothing of errors',
      (_, response) => void response.writeHead(200, json).end(JSON.stringify({ scalar: right.scalar })),
      'error is undefined and not 0',
    ],
    [
      'answers text',
      (_, response) => void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(JSON.stringify(right)),
      'the content type is text/plain',
    ],
  ])('says what is wrong with an endpoint that %s', async (_, listener, fault) => {
    const { url, server } = await endpoint((request, response) => {
      if (fault.startsWith('the connection was cut before')) return listener(request, response);
      request.resume().on('end', () => listener(request, response));
    });
    const { code, out } = await kasem(['check', url, '--timeout', '300', '--only', 'other params are ignored']);
    server.closeAllConnections();
    server.close();
    expect(out).toContain('FAILS  contract    other params are ignored');
    expect(out).toContain(fault);
    expect(out).toContain('sent: {"param":{"mode":"fast"');
    expect(code).toBe(1);
  });

  it.each([
    ['the public example, with neither error nor log', example, 'contract', 'for valid data'],
    ['one that computes with single precision', imprecise, 'documented', 'cannot rely on'],
    ['one that has error and log, and knows no bad body', careless, 'contract', 'for valid data'],
  ])('explains what the lowest failing level means for KASEM: %s', async (_, listener, level, meaning) => {
    const { url, server } = await endpoint(listener);
    const all = await kasem(['check', url, '--level', 'contract']);
    const documented = await kasem(['check', url, '--level', 'documented']);
    server.close();
    expect(all.out).toMatch(new RegExp(`\\n${level} fails: KASEM .*${meaning}.*\\n$`));
    expect(all.code).toBe(1);
    expect(documented.code).toBe(level === 'documented' ? 1 : 0);
    expect(documented.out).not.toMatch(/^\w+ +(contract|robust)/m);
  });

  it('warns if the endpoint has another method, and accepts custom cases', async () => {
    const { url, server } = await endpoint(difference);
    const folder = mkdtempSync(join(tmpdir(), 'kasem-cases-'));
    const cases = join(folder, 'difference.yaml');
    const check = (text: string, ...args: string[]) => {
      writeFileSync(cases, text);
      return kasem(['check', url, '--cases', folder, ...args]);
    };
    const one = (expect: string) =>
      `- name: the difference\n  request:\n    body: '${DIFFERENCE}'\n  expect: ${expect}\n`;
    const right = `{ columns: [date, difference_ts], data: '[[1, 0.3]]', tolerance: 1.0e-12 }`;

    const other = await kasem(['check', url, '--level', 'documented']);
    expect(other.err).toContain(
      'kasem: warning: the endpoint does not return the sum of two series for the recorded sample',
    );
    expect(other.err).toContain('--cases');
    expect(await check(one(right))).toEqual({
      code: 0,
      out: 'holds  contract    the difference\n\ncontract    1 of 1 hold\n',
      err: '',
    });
    const exact = await check(one(right.replace('1.0e-12', '0')));
    expect(exact.out).toContain('scalar.data[0][1] is 0.30000000000000004 and not 0.3');
    const refused = await check(one('{ error: 1001, log: e3_ts }').replace('e2_ts', 'e3_ts'));
    expect([refused.out, refused.code]).toEqual([expect.stringContaining('contract    1 of 1 hold'), 0]);

    for (const [text, fault] of [
      ['- name: [', 'difference.yaml: Flow sequence'],
      ['name: x', 'difference.yaml: expected a list of cases'],
      ['- 1', 'difference.yaml: case 1: name'],
      [one('{ eror: 1 }'), 'difference.yaml: case 1: expect: property eror should not exist'],
      [one('{ error: WRONG }'), 'case 1: expect: error must be a name of docs/errors.md or a number'],
      [one("{ data: '[[1,' }"), 'case 1: expect: data must be a json string'],
      ['- { name: x, expect: {} }', 'case 1: request should not be null or undefined'],
      ['[]', `no case of level robust is in ${folder}`],
    ] as const) {
      const { code, out, err } = await check(text);
      expect(err).toContain(fault);
      expect([code, out]).toEqual([2, '']);
    }
    expect((await kasem(['check', url, '--cases', join(folder, 'no')])).err).toBe(
      `kasem: ${join(folder, 'no')}: there is no such file or folder\n`,
    );
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('checks an endpoint against its own description if that is in this service’s format', async () => {
    let description: unknown = await (await fetch(`${service.url}/openapi.json`)).json();
    const { url, server } = await endpoint((request, response) => {
      if (request.url === '/openapi.json') return void response.end(JSON.stringify(description));
      careless(request, response);
    });
    const only = ['--only', 'a short row'];
    // The service has the sum, so the contract's own case runs.
    const sum = await kasem(['check', url, ...only]);
    expect([sum.out, sum.err]).toEqual([expect.stringContaining('contract    0 of 1 hold'), '']);

    const post = {
      'x-kasem': { paths: ['method'], inputs: ['e1_ts', 'e2_ts'], optional: [], outputs: ['mean_ts'] },
      requestBody: { content: { 'application/json': {} } },
      responses: { 200: { content: { 'application/json': {} } } },
    };
    description = { paths: { '/method': { post } } };
    const other = await kasem(['check', url, ...only]);
    expect(other.out).toContain(
      '  error is 0 and not 24 (INVALID_ROW)\n' +
        '  log does not say "scalar.data[1]": "done"\n' +
        '  sent: {"param":{},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[0,1,2],[1,2]]}}',
    );
    expect(other.err).toMatch(
      /^kasem: \/method is not the sum of two series: \d+ cases made .*\nkasem: \/method has no example .*\n$/,
    );
    expect(other.code).toBe(1);

    const astray = await kasem(['check', url.replace(/method$/, 'mean'), ...only]);
    expect(astray.err).toMatch(/^kasem: the service at \S+ describes other methods, and none at \/mean\n$/);
    expect(astray.out).toContain('contract    0 of 1 hold');

    // Descriptions as other frameworks write them.
    for (const paths of [{ '/method': { post: { responses: {} } }, '/x': null }, null]) {
      description = { openapi: '3.1.0', paths };
      const foreign = await kasem(['check', url, '--only', 'the recorded body']);
      expect(foreign).toMatchObject({
        out: expect.stringContaining('documented  1 of 1 hold'),
        err: '',
        code: 0,
      });
    }
    server.close();
  });

  it('accepts a response that is compressed without a request for it, and shows how much of a broken one arrived', async () => {
    const zipped = gzipSync(JSON.stringify(right));
    const headers = { ...json, 'Content-Encoding': 'gzip' };
    let sent = zipped;
    const { url, server } = await endpoint((request, response) => {
      request.resume().on('end', () => response.writeHead(200, headers).end(sent));
    });
    const only = ['check', url, '--only', 'other params are ignored'];
    expect(await kasem(only)).toMatchObject({ code: 0 });
    sent = zipped.subarray(0, -9);
    const cut = await kasem(only);
    server.close();
    expect(cut.out).toContain('the response is broken: Z_BUF_ERROR');
    expect(cut.out).toContain('got: not the whole of {"scalar"');
    expect(cut.code).toBe(1);
  });

  it('gives up on an endpoint that responds to none of the first cases, and says so', async () => {
    const { url, server } = await endpoint(() => undefined);
    const { code, out, err } = await kasem(['check', url, '--timeout', '50']);
    server.closeAllConnections();
    server.close();
    expect(err).toMatch(/^kasem: no response to the first 5 of \d+ cases; given up\n$/);
    expect(out.match(/^FAILS/gm)).toHaveLength(5);
    expect(code).toBe(1);
  });

  it('escapes the terminal control bytes of a response', async () => {
    const { url, server } = await endpoint((request, response) => {
      request.resume().on('end', () => response.end('\u001b[2J\u009b2J\u007f'));
    });
    const { out } = await kasem(['check', url, '--only', 'other params are ignored']);
    server.close();
    expect(out).toContain(String.raw`got: 200 \u001b[2J\u009b2J\u007f`);
  });

  it('exits with 2 if there is no response, or if the command line is wrong', async () => {
    const unreachable = await kasem(['check', 'http://127.0.0.1:1/method']);
    expect(unreachable).toEqual({
      code: 2,
      out: '',
      err: 'kasem: http://127.0.0.1:1/method: the connection is refused\n',
    });
    for (const args of [['check'], ['check', 'ftp://x'], ['check', url, '--level', 'x'], ['call'], ['call', url]])
      expect((await kasem(args)).code).toBe(2);
  });
});

describe('kasem call', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kasem-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const sample = resolve(import.meta.dirname, '../fixtures/sample.request.json');
  const recorded = resolve(import.meta.dirname, '../fixtures/sample.response.json');

  it('prints the response, and compares it with a recorded one', async () => {
    const { code, out } = await kasem(['call', sample, url, '--expect', recorded]);
    expect(out).toContain('error 0, 4 rows, none missing');
    expect(out).toContain('1420066800  21096.19278046125');
    expect(out).toMatch(/at the endpoint: receive;dur=/);
    expect([out.trimEnd().endsWith(`as in ${recorded}`), code]).toEqual([true, 0]);
  });

  it('shows the first differences, and accepts a tolerance', async () => {
    const near = file('near.json', readFileSync(recorded, 'utf8').replace(/13024\.3205\d*/, '13024.321'));
    const { code, out } = await kasem(['call', sample, url, '--expect', near]);
    expect(out).toContain('scalar.data[1][1] (sum_ts) is 13024.320520006271 and not 13024.321');
    expect(code).toBe(1);
    expect((await kasem(['call', sample, url, '--expect', near, '--tolerance', '1e-6'])).code).toBe(0);
  });

  it('reads the standard input, and exits with 1 if the body is refused', async () => {
    const { code, out } = await kasem(['call', '-', url], bodyOf([[1, 2, 'x' as never]]));
    expect(out).toContain('-: error 25, scalar.data[0][2]');
    expect(code).toBe(1);
  });

  it('names the faulty file, and prints no stack', async () => {
    const text = file('text.json', '{"scalar":{"headers":["date"],"data":[[1],["2"]]}}');
    for (const [args, why] of [
      [['--expect', join(directory, 'no.json')], 'no.json: there is no such file'],
      [['--expect', directory], 'is a folder'],
      [
        ['--expect', file('bad.json', '\u001b[2J')],
        String.raw`bad.json: this is not JSON, unexpected byte 0x1b at byte 0: \u001b[2J`,
      ],
      [['--expect', text], 'text.json: scalar.data[1] is no row of 1 numbers or null: ["2"]'],
    ] as const) {
      const { code, out, err } = await kasem(['call', sample, url, ...args]);
      expect(out).toContain(why);
      expect([code, err]).toEqual([1, '']);
    }
  });

  it('sends nothing if a URL is misspelt or the response cannot be written', async () => {
    const out = (path: string) => ['--out', path];
    for (const [args, why] of [
      [['localhost:5305/method'], 'localhost:5305/method: there is no such file, and a URL begins with http'],
      [['[::1]:5305', url], '[::1]:5305: there is no such file'],
      [[`ftp://${url.slice('http://'.length)}`, url], ': there is no such file, and a URL begins with http'],
      [['localhost/method'], 'localhost/method: there is no such file'],
      [['http://'], 'http:// is no http or https URL'],
      [[url, ...out(directory)], 'this is a folder'],
      [[url, ...out(join(directory, 'no/out.json'))], `there is no such folder: ${join(directory, 'no')}`],
    ] as const) {
      const { code, out, err } = await kasem(['call', sample, ...args]);
      expect(err).toContain(why);
      expect([code, out]).toEqual([2, '']);
    }
  });

  it('shows a 413 that arrives while the body is being sent, even if the connection is then cut', async () => {
    const { url, server } = await listening(
      createTcpServer((socket) => {
        let received = 0;
        socket.on('error', () => undefined);
        socket.on('data', ({ length }) => {
          if (received < 300_000 && (received += length) >= 300_000)
            socket.write(`${TOO_LARGE}{"error":15,"log":"too long"}`, () => socket.destroy());
        });
      }),
    );
    const long = file('too-long.json', bodyOf(sampleRows(300_000)));
    // A write that meets the reset connection loses the response, as some 3 of 100 do.
    const { out } = await kasem(['call', ...Array<string>(10).fill(long), url]);
    server.close();
    expect(out.match(/error 15, too long\n {2}HTTP 413,/g)?.length).toBeGreaterThanOrEqual(7);
  });

  it.each([
    ['TLS', Buffer.from('15030300020246', 'hex'), 'the response is TLS: the URL has to begin with https://'],
    ['another protocol', 'SSH-2.0-x\r\n', String.raw`the response is not HTTP: SSH-2.0-x\u000d`],
  ])('says that an endpoint speaks %s', async (_, bytes, why) => {
    const { url, server } = await listening(
      createTcpServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end(bytes))),
    );
    const { out } = await kasem(['call', sample, url]);
    server.close();
    expect(out).toContain(why);
  });

  it('says that an endpoint does not speak TLS', async () => {
    const { out } = await kasem(['call', sample, url.replace('http', 'https')]);
    expect(out).toContain('the response is not TLS: the URL may have to begin with http://');
  });

  it('reads a response in which a missing sample is NaN', async () => {
    const { url, server } = await endpoint(example);
    const gaps = file('gaps.json', bodyOf([[1, null, 2]]));
    const { code, out } = await kasem(['call', gaps, url, '--expect', file('null.json', NULL_RESPONSE)]);
    server.close();
    expect(out).toContain('1  missing');
    expect([out.trimEnd().endsWith('null.json'), code]).toEqual([true, 1]);
  });

  it('exits with 2 and prints no stack if its output is closed', async () => {
    const child = spawn(process.execPath, [KASEM, 'call', ...Array<string>(5).fill(sample), url]);
    child.stdout.once('data', () => child.stdout.destroy());
    let err = '';
    child.stderr.on('data', (text) => (err += String(text)));
    const code = await new Promise((settle) => child.on('close', settle));
    expect([code, err]).toEqual([2, '']);
  });

  it('replays several bodies, and continues after one that does not exist', async () => {
    const { code, out } = await kasem(['call', sample, join(directory, 'nothing.json'), sample, url]);
    expect(out).toContain('nothing.json: there is no such file');
    expect(out).toContain('2 of 3 bodies right');
    expect(code).toBe(1);
  });

  it('writes a long response unchanged, and reads it again', async () => {
    const long = file('long.json', bodyOf(sampleRows(1_200_000), 3));
    const [out, again] = [join(directory, 'out.json'), join(directory, 'again.json')];
    const first = await kasem(['call', long, url, '--out', out]);
    expect(first.out).toContain('error 0, 1200000 rows, none missing');
    const second = await kasem(['call', long, url, '--expect', out, '--out', again]);
    expect(second.out).toContain(`as in ${out}`);
    expect(readFileSync(again).equals(readFileSync(out))).toBe(true);
    expect([first.code, second.code]).toEqual([0, 0]);
  }, 60_000);
});
