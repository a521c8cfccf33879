import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const KASEM = resolve(import.meta.dirname, '../../bin/kasem.js');

/** Runs the built command as a person does. */
function kasem(
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((settle) => {
    const child = spawn(process.execPath, [KASEM, ...args]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += String(text)));
    child.stderr.on('data', (text) => (err += String(text)));
    child.on('close', (code) => settle({ code, out, err }));
    child.stdin.end(input);
  });
}

/** An endpoint that answers as it is told to. */
async function endpoint(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/method`, server };
}

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
    expect(out).toMatch(/contract +(\d+) of \1 hold\nrobust +(\d+) of \2 hold\n$/);
    expect([code, err]).toEqual([0, '']);
  }, 120_000);

  it('prints JSON of one level and some cases', async () => {
    const { code, out } = await kasem(['check', url, '--json', '--level', 'contract', '--only', 'date']);
    const { cases } = JSON.parse(out) as { cases: { name: string; level: string; holds: boolean }[] };
    expect(cases.length).toBeGreaterThan(2);
    for (const one of cases)
      expect([one.level, one.holds, one.name.includes('date')]).toEqual(['contract', true, true]);
    expect(code).toBe(0);
  });

  const right = { scalar: { headers: ['date', 'sum_ts'], data: [[1, 5]] }, error: 0, log: 'ok' };
  const json = { 'Content-Type': 'application/json' };
  it.each<[string, RequestListener, string]>([
    ['hangs', () => undefined, 'nothing came for 300 ms'],
    [
      'cuts the connection',
      (request) => request.socket.destroy(),
      'the connection was cut before a response',
    ],
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
      'the status is 308 and not 200',
    ],
    [
      'answers NaN',
      (_, response) => void response.writeHead(200, json).end('{"scalar":{"data":[[1,NaN]]},"error":0}'),
      'the response is not JSON',
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
        void response
          .writeHead(200, json)
          .end(JSON.stringify({ ...right, scalar: { ...right.scalar, data: [] } })),
      'scalar.data has 0 rows and not 1',
    ],
    [
      'says nothing of errors',
      (_, response) => void response.writeHead(200, json).end(JSON.stringify({ scalar: right.scalar })),
      'error is undefined and not 0',
    ],
    [
      'answers text',
      (_, response) =>
        void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(JSON.stringify(right)),
      'the content type is text/plain',
    ],
  ])('says what is wrong with an endpoint that %s', async (_, listener, fault) => {
    const { url, server } = await endpoint((request, response) => {
      if (fault.startsWith('the connection was cut before')) return listener(request, response);
      request.resume().on('end', () => listener(request, response));
    });
    const { code, out } = await kasem([
      'check',
      url,
      '--timeout',
      '300',
      '--only',
      'other params are ignored',
    ]);
    server.closeAllConnections();
    server.close();
    expect(out).toContain('FAILS  contract  other params are ignored');
    expect(out).toContain(fault);
    expect(out).toContain('sent: {"param":{"mode":"fast"');
    expect(code).toBe(1);
  });

  it('takes a response that is compressed unasked, and shows how much of a broken one came', async () => {
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

  it('gives up on an endpoint that has answered none of the first cases, and says so', async () => {
    const { url, server } = await endpoint(() => undefined);
    const { code, out, err } = await kasem(['check', url, '--timeout', '50']);
    server.closeAllConnections();
    server.close();
    expect(err).toMatch(/^kasem: no response to the first 5 of \d+ cases; given up\n$/);
    expect(out.match(/^FAILS/gm)).toHaveLength(5);
    expect(code).toBe(1);
  });

  it('shows no byte of a response that a terminal would take for a command', async () => {
    const { url, server } = await endpoint((request, response) => {
      request.resume().on('end', () => response.end('\u001b[2J\u009b2J\u007f'));
    });
    const { out } = await kasem(['check', url, '--only', 'other params are ignored']);
    server.close();
    expect(out).toContain(String.raw`got: 200 \u001b[2J\u009b2J\u007f`);
  });

  it('ends with 2 where nobody responses, or the command line is wrong', async () => {
    const unreachable = await kasem(['check', 'http://127.0.0.1:1/method']);
    expect(unreachable).toEqual({
      code: 2,
      out: '',
      err: 'kasem: http://127.0.0.1:1/method: the connection is refused\n',
    });
    for (const args of [
      ['check'],
      ['check', 'ftp://x'],
      ['check', url, '--level', 'x'],
      ['call'],
      ['call', url],
    ])
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

  it('tells what comes back, and holds it against a recorded response', async () => {
    const { code, out } = await kasem(['call', sample, url, '--expect', recorded]);
    expect(out).toContain('error 0, 4 rows, none missing');
    expect(out).toContain('1420066800  21096.19278046125');
    expect(out).toMatch(/at the endpoint: receive;dur=/);
    expect([out.trimEnd().endsWith(`as in ${recorded}`), code]).toEqual([true, 0]);
  });

  it('shows the first differences, and takes a tolerance', async () => {
    const near = file('near.json', readFileSync(recorded, 'utf8').replace(/13024\.3205\d*/, '13024.321'));
    const { code, out } = await kasem(['call', sample, url, '--expect', near]);
    expect(out).toContain('scalar.data[1][1] (sum_ts) is 13024.320520006271 and not 13024.321');
    expect(code).toBe(1);
    expect((await kasem(['call', sample, url, '--expect', near, '--tolerance', '1e-6'])).code).toBe(0);
  });

  it('reads the standard input, and ends with 1 where the body is refused', async () => {
    const { code, out } = await kasem(['call', '-', url], bodyOf([[1, 2, 'x' as never]]));
    expect(out).toContain('-: error 25, scalar.data[0][2]');
    expect(code).toBe(1);
  });

  it('says which file is at fault, and ends without a stack', async () => {
    const text = file('text.json', '{"scalar":{"headers":["date"],"data":[[1],["2"]]}}');
    for (const [args, why] of [
      [['--out', join(directory, 'no/out.json')], 'no/out.json: there is no such file'],
      [['--expect', join(directory, 'no.json')], 'no.json: there is no such file'],
      [['--expect', directory], 'is a directory'],
      [['--expect', file('bad.json', '\u001b[2J')], String.raw`bad.json: this is not JSON: \u001b[2J`],
      [['--expect', text], 'text.json: scalar.data[1] is no row of 1 numbers or null: ["2"]'],
    ] as const) {
      const { code, out, err } = await kasem(['call', sample, url, ...args]);
      expect(out).toContain(why);
      expect([code, err]).toEqual([1, '']);
    }
  });

  it('ends with 2 and without a stack where nobody reads on', async () => {
    const child = spawn(process.execPath, [KASEM, 'call', ...Array<string>(5).fill(sample), url]);
    child.stdout.once('data', () => child.stdout.destroy());
    let err = '';
    child.stderr.on('data', (text) => (err += String(text)));
    const code = await new Promise((settle) => child.on('close', settle));
    expect([code, err]).toEqual([2, '']);
  });

  it('replays several bodies, and goes on after one that is not there', async () => {
    const { code, out } = await kasem(['call', sample, join(directory, 'nothing.json'), sample, url]);
    expect(out).toContain('nothing.json: there is no such file');
    expect(out).toContain('2 of 3 bodies right');
    expect(code).toBe(1);
  });

  it('writes the response as it came, also a long one, and reads that again', async () => {
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
