import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../src/common/errors/error-codes.js';
import { LEVELS, loadCases } from '../../src/cli/cases.js';
import { checkCase } from '../../src/cli/check.js';
import { readPages } from '../support/pages.js';
import { startService, type Service } from '../support/service.js';

const cases = loadCases();

describe('the cases', () => {
  it('have unique names', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it('are as many as docs/conformance.md says', () => {
    const page = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
    const count = (level: string) => cases.filter((one) => one.level === level).length;
    expect(page).toContain(`: ${cases.length} requests with`);
    for (const level of LEVELS)
      expect(page).toMatch(new RegExp(`\\| level \`${level}\` +\\| ${count(level)} of ${count(level)} `));
  });

  it('can be written as docs/conformance.md shows', () => {
    const page = readPages().find(({ path }) => path === 'docs/conformance.md');
    const folder = mkdtempSync(join(tmpdir(), 'kasem-page-'));
    const example = page?.blocks.find(({ lang }) => lang === 'yaml')?.code ?? '';
    writeFileSync(join(folder, 'page.yaml'), example);
    expect(loadCases(folder).map(({ level }) => level)).toEqual(['contract', 'robust']);
    rmSync(folder, { recursive: true });
  });

  it('cover each error that a body can cause', () => {
    const met = new Set(cases.map(({ expect }) => expect.error));
    const unmet = Object.keys(ERROR_CODES).filter((name) => !met.has(name as keyof typeof ERROR_CODES));
    // These depend on HTTP, the service and its settings, not on the body.
    expect(unmet).toEqual([
      'UNAUTHORIZED',
      'REQUEST_TIMEOUT',
      'PAYLOAD_TOO_LARGE',
      'BAD_REQUEST',
      'INTERNAL',
      'OVERLOADED',
      'SHUTTING_DOWN',
      'METHOD_TIMEOUT',
    ]);
  });
});

describe.each(['contract', 'http'] as const)('the service with ERROR_HTTP_STATUS=%s', (errorHttpStatus) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ ERROR_HTTP_STATUS: errorHttpStatus });
  });
  afterAll(() => service.close());

  it.each(cases.map((one) => [one.name, one] as const))('keeps: %s', async (_, one) => {
    const url = new URL(`${service.url}/method`);
    const { faults } = await checkCase(one, { url, errorHttpStatus, timeout: 20_000 });
    expect(faults).toEqual([]);
  });
});
