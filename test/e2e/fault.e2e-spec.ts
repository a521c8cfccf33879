import { ConflictException, Controller, Get, Logger, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

@Controller('broken')
class BrokenController {
  @Get('error')
  error(): void {
    throw new Error('secret');
  }

  @Get('uri')
  uri(): void {
    decodeURIComponent('secret%');
  }

  @Get('conflict')
  conflict(): void {
    throw new ConflictException('the sensor is locked');
  }

  @Get('text')
  text(): void {
    throw 'secret';
  }
}

@Module({ controllers: [BrokenController] })
class BrokenModule {}

describe('a fault of the service', () => {
  const logged: { requestId: string; err: Error }[] = [];
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [BrokenModule]);
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (fault: (typeof logged)[number]) => void logged.push(fault),
    });
  });
  afterAll(() => service.close());

  it.each(['/broken/error', '/broken/text', '/broken/uri'])(
    'at %s tells the client nothing, and logs everything with the request’s id',
    async (path) => {
      const response = await call(service.url, { method: 'GET', path });
      expect([response.status, response.json.error]).toEqual([500, 50]);
      expect(response.text).not.toContain('secret');
      const id = response.headers['x-request-id'];
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(logged.at(-1)?.requestId).toBe(id);
      expect(logged.at(-1)?.err.stack).toMatch(/secret|URI malformed/);
    },
  );

  it('does not include an HttpException, which keeps its status and message', async () => {
    const response = await call(service.url, { method: 'GET', path: '/broken/conflict' });
    expect([response.status, response.json]).toEqual([409, { error: 17, log: 'the sensor is locked' }]);
  });

  it('is logged with the client’s id if that is safe', async () => {
    const idOf = async (given: string) =>
      (await call(service.url, { method: 'GET', path: '/broken/error', headers: { 'X-Request-ID': given } })).headers[
        'x-request-id'
      ];
    expect(await idOf('kasem-17')).toBe('kasem-17');
    expect(logged.at(-1)?.requestId).toBe('kasem-17');
    expect(await idOf('a "quoted" id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });
});
