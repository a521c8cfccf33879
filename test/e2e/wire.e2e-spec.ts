import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const BODY = bodyOf([[1420066800, 1, 2]]);
const HEAD = 'Host: x\r\nContent-Type: application/json\r\n';
const LENGTH = `Content-Length: ${BODY.length}\r\n`;
const post = (head: string, body = BODY) => `POST /method HTTP/1.1\r\n${HEAD}${head}\r\n${body}`;
const LAST = 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

interface WireResponse {
  readonly status: number;
  readonly head: string;
  readonly json: Record<string, unknown>;
}

describe('the bytes of a connection', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  /** All responses until the service closes the connection. The bytes must end with something that makes it do so. */
  async function responsesTo(bytes: string): Promise<WireResponse[]> {
    const socket = connect(service.port, '127.0.0.1');
    socket.write(bytes);
    let text = '';
    for await (const piece of socket) text += String(piece);
    const responses: WireResponse[] = [];
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\r\n\r\n', at) + 4;
      const head = text.slice(at, end);
      const length = Number(/\r\nContent-Length: (\d+)/.exec(head)?.[1]);
      at = end + length;
      responses.push({
        head,
        status: Number(head.slice('HTTP/1.1 '.length, 12)),
        json: JSON.parse(text.slice(end, at)) as WireResponse['json'],
      });
    }
    return responses;
  }

  it.each([
    ['a negative length', post('Content-Length: -5\r\n')],
    ['a length in hexadecimal', post('Content-Length: 0x10\r\n')],
    ['a length past 64 bits', post('Content-Length: 99999999999999999999999\r\n')],
    ['two lengths', post(`Content-Length: 5\r\n${LENGTH}`)],
    ['the same length twice', post(LENGTH + LENGTH)],
    ['a length and chunks', post(`${LENGTH}Transfer-Encoding: chunked\r\n`, `0\r\n\r\n${LAST}`)],
    ['chunks and a length', post(`Transfer-Encoding: chunked\r\n${LENGTH}`, `0\r\n\r\n${LAST}`)],
    ['chunks twice', post('Transfer-Encoding: chunked, chunked\r\n', `0\r\n\r\n${LAST}`)],
    ['white space before a colon', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${LAST}`)],
    ['a folded line', post(`${LENGTH}X-A: a\r\n b\r\n`)],
    ['lines without a carriage return', post(LENGTH).replaceAll('\r\n', '\n')],
    ['a zero byte in a header', post(`${LENGTH}X-A: a\0b\r\n`)],
    ['a chunk of no size', post('Transfer-Encoding: chunked\r\n', `5\r\n{"par\r\nzz\r\n${LAST}`)],
    ['a chunk with endless extensions', post('Transfer-Encoding: chunked\r\n', `5;${'a'.repeat(30_000)}`)],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS greeting', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
  ])('are all refused if they are %s', async (_, bytes) => {
    const responses = await responsesTo(bytes);
    expect(responses.map(({ status, json }) => [status, json.error])).toEqual([[400, 17]]);
  });

  it('get responses to the valid requests before the fault is refused', async () => {
    const responses = await responsesTo(`${post(LENGTH)}no HTTP\r\n\r\n`);
    expect(responses.map(({ status, json }) => [status, json.error])).toEqual([
      [200, 0],
      [400, 17],
    ]);
  });

  it('are read as the next request if a length is too short', async () => {
    const responses = await responsesTo(post(`Content-Length: ${BODY.length - 1}\r\n`) + LAST);
    expect(responses.map(({ status, json }) => [status, json.error])).toEqual([
      [400, 10],
      [400, 17],
    ]);
  });

  it.each([
    ['of malformed JSON', post('Content-Length: 1\r\n', '{'), 400],
    ['of another type', `POST /method HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n${LENGTH}\r\n${BODY}`, 415],
    ['that nobody asked for', `GET /method HTTP/1.1\r\n${HEAD}${LENGTH}\r\n${BODY}`, 405],
    ['for a path that is not there', `POST /nothing HTTP/1.1\r\n${HEAD}${LENGTH}\r\n${BODY}`, 404],
  ])('continue with the next request after a body %s', async (_, refused, status) => {
    const responses = await responsesTo(refused + post(LENGTH) + LAST);
    expect(responses.map((response) => response.status)).toEqual([status, 200, 200]);
  });

  it.each([
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n', 405, 13],
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 17],
    ['HTTP/1.0', `POST /method HTTP/1.0\r\nContent-Type: application/json\r\n${LENGTH}\r\n${BODY}`, 200, 0],
    ['an absolute address', post(`${LENGTH}Connection: close\r\n`).replace('/method', 'http://x/method'), 200, 0],
    ['a percent sign', 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404, 12],
    ['a user before a hash', 'GET /\\me@[# HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404, 12],
    ['a header too long', `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 17],
    ['an address too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 17],
  ])('get a response in the contract’s form for %s', async (_, bytes, status, error) => {
    const [response] = await responsesTo(bytes);
    expect([response?.status, response?.json.error]).toEqual([status, error]);
    expect(response?.head).toMatch(/\r\nContent-Type: application\/json; charset=utf-8\r\n/);
  });

  it('are refused for a verb that Node does not know, with the allowed verbs', async () => {
    const [response] = await responsesTo('FETCH /method HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(response).toMatchObject({
      status: 405,
      json: { error: 13, log: 'expected GET or HEAD or POST, got FETCH' },
    });
    expect(response?.head).toContain('\r\nAllow: GET, HEAD, POST\r\n');
  });

  const hosted = (host: string) => `GET /health/live HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
  it.each([
    ['two Hosts', hosted('Host: x\r\nHost: y\r\n'), 400],
    ['the same Host twice', hosted('Host: x\r\nHost: x\r\n'), 400],
    ['two Hosts in HTTP/1.0', hosted('Host: x\r\nHost: y\r\n').replace('1.1', '1.0'), 400],
    ['a Host with a path', hosted('Host: x/y\r\n'), 400],
    ['a Host with a user', hosted('Host: me@x\r\n'), 400],
    ['a Host with white space', hosted('Host: x y\r\n'), 400],
    ['a Host with a port that is no number', hosted('Host: x:http\r\n'), 400],
    ['a Host with a broken percent', hosted('Host: %zz\r\n'), 400],
    ['a Host in brackets that is no address', hosted('Host: [x]\r\n'), 400],
    ['a Host with a quote', hosted('Host: "x"\r\n'), 400],
    ['an absolute address without a host', hosted('Host: x\r\n').replace('/health', 'http://[/health'), 400],
    ['codings before the chunks', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 501],
    [
      'codings on lines of their own',
      post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      501,
    ],
    ['an unknown coding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${LAST}`), 501],
    ['chunks in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'), 400],
    ['HTTP/2.0', 'GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /health/live\r\n\r\n', 400],
    ['HTTP/0.9 by name', 'GET /health/live HTTP/0.9\r\nHost: x\r\n\r\n', 400],
  ])('are refused as invalid, and the connection is closed, for %s', async (_, bytes, status) => {
    const [response, ...more] = await responsesTo(bytes);
    expect([response?.status, response?.json, more]).toEqual([status, { error: 17, log: expect.any(String) }, []]);
    expect(response?.head).toMatch(/\r\nConnection: close\r\n/);
  });

  it.each(['x', 'x:80', 'x:', '', '127.0.0.1:5000', '[::1]:5000', 'a-b.example', 'a%20b', "a!$&'()*+,;=b"])(
    'may name the Host %j',
    async (host) => {
      const [response] = await responsesTo(hosted(`Host: ${host}\r\n`));
      expect(response?.status).toBe(200);
    },
  );

  it.each([
    ['HTTP/1.0', '', 'HTTP/1.0'],
    ['another expectation', 'Expect: the-unexpected\r\n', 'HTTP/1.1'],
  ])('get nothing before the response with %s', async (_, expectation, version) => {
    const expecting = post(`${expectation || 'Expect: 100-continue\r\n'}${LENGTH}Connection: close\r\n`);
    const responses = await responsesTo(expecting.replace('HTTP/1.1', version));
    expect(responses.map(({ status }) => status)).toEqual([200]);
  });

  it.each([
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['an absolute address without a path', 'GET http://x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['an empty query', 'GET /nothing? HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ])('get a response without an internal error: %s', async (_, bytes) => {
    const [response] = await responsesTo(bytes);
    expect([200, 404, 405]).toContain(response?.status);
  });

  it('may be a HEAD for a path without GET', async () => {
    const response = await fetch(`${service.url}/method`, { method: 'HEAD' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${service.url}/health/live`, { method: 'HEAD' })).status).toBe(200);
  });
});
