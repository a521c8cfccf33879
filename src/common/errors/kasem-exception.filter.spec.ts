import { readFileSync } from 'node:fs';
import {
  BadGatewayException,
  ForbiddenException,
  ImATeapotException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, type ErrorName } from './error-codes.js';
import { failureAnswer } from './kasem-exception.filter.js';
import { KasemError } from './kasem.error.js';

const table = Object.entries(ERROR_CODES) as [ErrorName, (typeof ERROR_CODES)[ErrorName]][];

describe('the table of errors', () => {
  it('is the table of docs/errors.md', () => {
    const documented = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => /^\| \d/.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(documented).toEqual(
      table.map(([name, { code, status, managed, when }]) => [
        String(code),
        name,
        String(status),
        managed ? 'yes' : 'no',
        when,
      ]),
    );
  });

  it('gives each code once, below those of further methods', () => {
    const codes = table.map(([, { code }]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(Math.max(...codes)).toBeLessThan(1000);
  });
});

describe('a failure', () => {
  it.each(table)(
    '%s is answered with its code, and the status that is configured',
    (name, { code, status, managed }) => {
      const contract = failureAnswer(new KasemError(name, 'why'), 'contract');
      const http = failureAnswer(new KasemError(name, 'why'), 'http');
      expect([contract.status, http.status]).toEqual([managed ? 200 : status, status]);
      expect(contract.body).toEqual({ error: code, log: 'why' });
      expect(http.body).toEqual(contract.body);
    },
  );

  it('of a further method is answered with its own code', () => {
    const own = { code: 1000, status: 422, managed: true, when: 'The gain is out of range.' };
    expect(failureAnswer(new KasemError(own, 'why'), 'contract')).toMatchObject({
      status: 200,
      body: { error: 1000 },
    });
  });

  it.each([
    ['UNAUTHORIZED', 'WWW-Authenticate'],
    ['UNSUPPORTED_MEDIA_TYPE', 'Accept-Encoding'],
    ['OVERLOADED', 'Retry-After'],
    ['SHUTTING_DOWN', 'Retry-After'],
  ] as const)('%s carries %s', (name, header) => {
    expect(failureAnswer(new KasemError(name, 'why'), 'contract').headers).toHaveProperty(header);
  });

  it.each([
    ['an error', new Error('secret /srv/app')],
    ['text', 'secret'],
    ['nothing', undefined],
    ['an object', { secret: 1 }],
  ])('that is %s is answered as a fault of ours and tells nothing', (_, thrown) => {
    const { status, body } = failureAnswer(thrown, 'contract');
    expect(status).toBe(500);
    expect(body).toEqual({
      error: 50,
      log: 'a fault of the service; its log holds the cause under the X-Request-ID of this answer',
    });
  });

  it.each([
    [new ForbiddenException('no'), 403, { error: 20, log: 'no' }],
    [new ImATeapotException('tea'), 418, { error: 20, log: 'tea' }],
    [new BadGatewayException('secret'), 502, { error: 50, log: 'Bad Gateway' }],
    [new ServiceUnavailableException('secret'), 503, { error: 51, log: 'Service Unavailable' }],
  ])('of Nest keeps its status', (thrown, status, body) => {
    expect(failureAnswer(thrown, 'contract')).toEqual({ status, headers: {}, body });
  });

  it('of a health check is left as terminus says it', () => {
    const body = { status: 'error', info: {}, error: { ready: { status: 'down' } }, details: {} };
    expect(failureAnswer(new ServiceUnavailableException(body), 'contract')).toEqual({
      status: 503,
      headers: {},
      body,
    });
  });
});
