import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { CONNECT, malformedRequest, respondMalformed } from './malformed-request.js';

const fault = (code: string) => Object.assign(new Error('secret'), { code });

/** Two ends of a connection. */
async function connection(): Promise<{ own: Socket; theirs: Socket; close: () => void }> {
  const server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const theirs = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [own] = (await once(server, 'connection')) as [Socket];
  return {
    own,
    theirs,
    close: () => {
      own.destroy();
      theirs.destroy();
      server.close();
    },
  };
}

describe('a malformed request', () => {
  it.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 14, 'the request did not arrive in time'],
    ['HPE_HEADER_OVERFLOW', 431, 17, 'the header of the request is too long'],
    ['HPE_INVALID_METHOD', 400, 17, 'the request is not valid HTTP'],
  ])('with the parser error %s gets the status %i', (code, status, error, log) => {
    expect(malformedRequest(fault(code))).toMatchObject({ status, error: { code: error }, log, cause: code });
  });

  it.each([
    ['FOO / HTTP/1.1\r\nHost: x\r\n\r\n', 1, 'FOO'],
    ['get / HTTP/1.0\r\n\r\n', 0, 'get'],
    ['\r\nX-a_b /y HTTP/1.1\r\n', 2, 'X-a_b'],
    ['POST / HTTP/1.1\r\nHost: x\r\n\r\n{"a":[]}FOO /x HTTP/1.1\r\n\r\n', 39, 'FOO'],
  ])('is refused with 405 if only its verb is unknown: %j', (packet, bytesParsed, verb) => {
    const error = Object.assign(fault('HPE_INVALID_METHOD'), { rawPacket: Buffer.from(packet), bytesParsed });
    expect(malformedRequest(error)).toMatchObject({
      status: 405,
      error: { code: 13 },
      log: `expected GET or HEAD or POST, got ${verb}`,
      headers: ['Allow: GET, HEAD, POST'],
    });
  });

  it.each([
    'FOO / HTTP/2.0\r\n\r\n',
    'FOO HTTP/1.1\r\n\r\n',
    'FOO / HTTP/1.1',
    'F(O / HTTP/1.1\r\n',
    '}GET / HTTP/1.1\r\n\r\n',
    `${'A'.repeat(60_000)} / HTTP/1.1\r\n`,
  ])('is not valid HTTP if more is wrong: %.40j', (packet) => {
    const error = Object.assign(fault('HPE_INVALID_METHOD'), {
      rawPacket: Buffer.from(packet),
      bytesParsed: 0,
    });
    expect(malformedRequest(error)).toMatchObject({ status: 400, error: { code: 17 } });
  });

  it('is answered in the form of the contract, and closed when the client closes', async () => {
    const { own, theirs, close } = await connection();
    expect(respondMalformed(CONNECT, own)).toBe(true);
    const body = '{"error":13,"log":"the service is no proxy and does not take CONNECT"}';
    expect(await text(theirs)).toBe(
      [
        'HTTP/1.1 405 Method Not Allowed',
        'Allow: GET, HEAD, POST',
        'Content-Type: application/json; charset=utf-8',
        `Content-Length: ${body.length}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
    const closed = once(own, 'close');
    theirs.end();
    await closed;
    close();
  });

  it('gets a response with its length in bytes', async () => {
    const { own, theirs, close } = await connection();
    respondMalformed({ ...malformedRequest(fault('X')), log: 'é€' }, own);
    const response = await text(theirs);
    expect(response).toContain(`Content-Length: ${Buffer.byteLength('{"error":17,"log":"é€"}')}\r\n`);
    close();
  });

  it('is received and dropped, so that the client sees the response, and closed in the end', async () => {
    const { own, theirs, close } = await connection();
    theirs.on('error', () => undefined);
    own.pause();
    theirs.write(Buffer.alloc(1 << 22));
    respondMalformed(CONNECT, own);
    await once(theirs, 'drain');
    expect(own.destroyed).toBe(false);
    await once(own, 'close');
    close();
  });

  it('is not answered if the client has gone', async () => {
    const { own, theirs, close } = await connection();
    own.destroy();
    expect(respondMalformed(CONNECT, own)).toBe(false);
    expect(await text(theirs)).toBe('');
    close();
  });

  it('does no harm if the client hangs up meanwhile', async () => {
    const { own, close } = await connection();
    respondMalformed(CONNECT, own);
    const closed = new Promise((resolve) => own.once('close', resolve));
    own.emit('error', fault('EPIPE'));
    await closed;
    expect(own.destroyed).toBe(true);
    close();
  });
});
