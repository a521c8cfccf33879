import { once } from 'node:events';
import { type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { type Express, type Request, type Response } from 'express';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MalformedRequest } from './malformed-request.js';
import { observe, type RequestContext } from './request-context.js';
import { HttpAdapter } from './http-adapter.js';

const limits = (REQUEST_TIMEOUT_MS: number) => ({
  REQUEST_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS: 620_000,
  RESPONSE_TIMEOUT_MS: 300,
  MIN_RESPONSE_BYTES_PER_SECOND: 1,
});

describe('the HTTP server', () => {
  let adapter: HttpAdapter;
  let server: Server;
  let sockets: Socket[];
  let requests: { request: Request; response: Response }[];
  let malformed: { fault: MalformedRequest; remoteAddress: string | undefined }[];

  let ended: RequestContext[];
  let over: string[];

  beforeEach(async () => {
    [sockets, requests, malformed, ended, over] = [[], [], [], [], []];
    adapter = new HttpAdapter(limits(30_000));
    adapter.initHttpServer();
    server = adapter.getHttpServer();
    adapter.observers.push(
      { ended: () => undefined },
      {
        ended: () => undefined,
        malformed: (fault, remoteAddress) => void malformed.push({ fault, remoteAddress }),
      },
    );
    adapter.getInstance<Express>().use(observe([{ ended: (context) => void ended.push(context) }]));
    adapter.getInstance<Express>().use((request, response) => {
      requests.push({ request, response });
      request.once('close', () => over.push(request.path));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  function send(bytes: string) {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.on('data', (piece) => (text += String(piece))).on('error', () => undefined);
    socket.write(bytes);
    return { socket, text: () => text };
  }
  const get = (path: string, head = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${head}\r\n`;
  const post = (path: string, body: string, length = body.length) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
  const response = (index: number, text: string) => requests[index]?.response.end(text);
  const paths = () => requests.map(({ request }) => request.path);

  it('keeps connections longer than proxies do, and limits the time for headers and body', () => {
    expect([server.keepAliveTimeout, server.requestTimeout, server.headersTimeout]).toEqual([620_000, 35_000, 15_000]);
    const impatient = new HttpAdapter(limits(2_000));
    impatient.initHttpServer();
    const { requestTimeout, headersTimeout } = impatient.getHttpServer() as Server;
    expect([requestTimeout, headersTimeout]).toEqual([7_000, 7_000]);
  });

  it('passes on a request without a Host, and one with an expectation', async () => {
    send('GET /hostless HTTP/1.1\r\n\r\n');
    send(get('/continue', 'Expect: 100-continue\r\n'));
    send(get('/strange', 'Expect: the-unexpected\r\n'));
    await until(() => requests.length === 3);
    expect(paths().sort()).toEqual(['/continue', '/hostless', '/strange']);
  });

  it('refuses CONNECT and invalid HTTP, and tells the observers', async () => {
    const [proxied, strange] = [send('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'), send('?\r\n\r\n')];
    await until(() => proxied.text().endsWith('}') && strange.text().endsWith('}'));
    expect(proxied.text()).toMatch(/^HTTP\/1\.1 405 .*"error":13/s);
    expect(strange.text()).toMatch(/^HTTP\/1\.1 400 .*"error":17/s);
    expect(malformed.map(({ fault, remoteAddress }) => [fault.status, remoteAddress]).sort()).toEqual([
      [400, '127.0.0.1'],
      [405, '127.0.0.1'],
    ]);
    expect(paths()).toEqual([]);
  });

  it('does not report a connection that its client resets', async () => {
    const { socket } = send(get('/one'));
    await until(() => requests.length === 1);
    const { socket: own } = requests[0]?.request as Request;
    const closed = once(own, 'close').catch(() => undefined);
    socket.resetAndDestroy();
    await closed;
    server.emit('clientError', Object.assign(new Error(), { code: 'ECONNRESET' }), own);
    expect([own.destroyed, malformed]).toEqual([true, []]);
  });

  it('hangs up on a client that takes nothing of its response before the timeout', async () => {
    const { socket } = send(get('/large'));
    socket.pause();
    await until(() => requests.length === 1);
    const { response } = requests[0] as { response: Response };
    response.write(Buffer.alloc(1 << 25));
    await once(response, 'close');
    expect(response.writableFinished).toBe(false);
  });

  it('passes on the requests of a connection one at a time, in their order', async () => {
    const { text } = send(get('/1') + get('/2') + get('/3'));
    const other = send(get('/other'));
    await until(() => requests.length === 2);
    expect(paths().sort()).toEqual(['/1', '/other']);
    for (const n of [1, 2, 3]) {
      await until(() => paths().includes(`/${n}`));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(paths()).not.toContain(`/${n + 1}`);
      response(paths().indexOf(`/${n}`), `response ${n}`);
    }
    await until(() => text().includes('response 3'));
    expect(text().match(/response \d/g)).toEqual(['response 1', 'response 2', 'response 3']);
    expect(other.text()).toBe('');
  });

  it('goes on reading from a connection whose responses have all been sent', async () => {
    const { socket, text } = send(get('/1') + get('/2'));
    for (const n of [1, 2]) {
      await until(() => paths().includes(`/${n}`));
      response(n - 1, `response ${n}`);
    }
    await until(() => text().includes('response 2'));
    socket.write(get('/3'));
    await until(() => paths().includes('/3'));
    response(2, 'response 3');
    await until(() => text().includes('response 3'));
  });

  it('lets 32 requests wait on a connection, and more when there is room again', async () => {
    const { text } = send(Array.from({ length: 33 }, (_, i) => get(`/${i}`)).join(''));
    for (let i = 0; i < 33; i++) {
      await until(() => requests.length === i + 1);
      response(i, `<${i}>`);
    }
    await until(() => text().includes('<32>'));
    expect(text().match(/<\d+>/g)).toEqual(Array.from({ length: 33 }, (_, i) => `<${i}>`));
    const more = send(Array.from({ length: 33 }, (_, i) => get(`/${i}`)).join(''));
    await until(() => requests.length === 34);
    response(33, '<first>');
    await until(() => requests.length === 35);
    more.socket.write(get('/again'));
    for (let i = 34; i < 67; i++) {
      await until(() => requests.length === i + 1);
      response(i, `<${i}>`);
    }
    await until(() => more.text().includes('<66>'));
    expect(paths().at(-1)).toBe('/again');
  });

  it('closes a connection on which 33 requests wait', async () => {
    const { socket } = send(Array.from({ length: 34 }, (_, i) => get(`/${i}`)).join(''));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(paths()).toEqual(['/0']);
  });

  it('does not report a body that its client breaks off as malformed, since its request is reported', async () => {
    const { socket, text } = send(post('/one', '{"a', 99));
    await until(() => requests.length === 1);
    socket.end();
    await until(() => text().endsWith('}'));
    expect(text()).toMatch(/^HTTP\/1\.1 400 .*"error":17/s);
    expect(malformed).toEqual([]);
  });

  it('passes on no request of a connection that has closed', async () => {
    const { socket } = send(get('/1') + get('/2'));
    await until(() => requests.length === 1);
    const { response } = requests[0] as { response: Response };
    const closed = once(response, 'close');
    socket.destroy();
    response.end(Buffer.alloc(1 << 25));
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(paths()).toEqual(['/1']);
  });

  it('gives a request that waits its own time, not that of the response before', async () => {
    const { text } = send(get('/1') + get('/2'));
    await until(() => requests.length === 1);
    response(0, 'response 1');
    await until(() => requests.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    response(1, 'response 2');
    await until(() => text().includes('response 2'));
  });

  it('answers malformed bytes after the responses to the requests before them', async () => {
    const { text } = send(get('/1') + 'no HTTP\r\n\r\n');
    await until(() => requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(text()).toBe('');
    response(0, 'response 1');
    await until(() => text().endsWith('}'));
    expect(text()).toMatch(/response 1HTTP\/1\.1 400 .*"error":17/s);
    expect(malformed).toHaveLength(1);
  });

  it('refuses a request whose body turns out to be malformed, and reports it once', async () => {
    const { text } = send('POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n');
    await until(() => requests.length === 1);
    await until(() => text().endsWith('}'));
    expect(text()).toMatch(/^HTTP\/1\.1 400 .*"error":17/s);
    // The reader of the body is told.
    await until(() => over.length === 1);
    expect(ended.map(({ error, isComplete }) => [error, isComplete])).toEqual([[17, true]]);
    expect(malformed).toEqual([]);
  });

  it('cuts a response that has begun when the body of its request is malformed', async () => {
    const { socket, text } = send('POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    await until(() => requests.length === 1);
    requests[0]?.response.write('half');
    await until(() => text().includes('half'));
    socket.write('xyz\r\n');
    await once(socket, 'close');
    expect(text()).not.toContain('error');
  });

  it('answers a malformed body after the response to the request before it', async () => {
    const { text } = send(`${get('/1')}POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`);
    await until(() => requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(text()).toBe('');
    response(0, 'response 1');
    await until(() => text().endsWith('}'));
    expect(text()).toMatch(/response 1HTTP\/1\.1 400 /);
    expect(text().match(/HTTP\/1\.1 400/g)).toHaveLength(1);
  });

  it('receives all of a body that comes in two pieces', async () => {
    const { socket, text } = send(post('/1', 'ab', 4));
    await until(() => requests.length === 1);
    const pieces: Buffer[] = [];
    requests[0]?.request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => response(0, 'whole'));
    socket.write('cd');
    await until(() => text().includes('whole'));
    expect(Buffer.concat(pieces).toString()).toBe('abcd');
  });
});
