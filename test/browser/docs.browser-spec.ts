import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Browser, type Page } from 'playwright-core';
import { launch } from '../support/browser.js';
import { eventually } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const ARTIFACTS = resolve(import.meta.dirname, '../../artifacts');
const METHOD = '#operations-methods-method';

// A browser without a GPU takes its time where others work as well.
jest.setTimeout(180_000);

describe('the page at /docs', () => {
  let browser: Browser;
  let service: Service;
  beforeAll(async () => {
    [browser, service] = await Promise.all([launch(), startService({ API_KEYS: 'alice:k3y' })]);
    await mkdir(ARTIFACTS, { recursive: true });
  });
  afterAll(() => Promise.all([browser.close(), service.close()]));

  /** The page with all that it complains of and all that it asks for. */
  const open = async (path: string, colorScheme: 'light' | 'dark') => {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 1800 } });
    const [complaints, hosts]: [string[], Set<string>] = [[], new Set()];
    // A violation of the Content-Security-Policy is an error of the console as well.
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('request', (request) => void hosts.add(new URL(request.url()).host));
    await page.goto(`${service.url}${path}`);
    await page.locator(`${METHOD} .opblock-summary-control`).first().click();
    return { page, complaints, hosts };
  };

  const response = async (page: Page) => {
    await page.locator(`${METHOD} .execute`).click();
    const body = page
      .locator(`${METHOD} .live-responses-table .response-col_description .highlight-code code`)
      .first();
    return JSON.parse(await body.innerText()) as { error: number; log: string };
  };

  it.each([
    ['/docs', 'light'],
    ['/docs/', 'dark'],
  ] as const)('is whole at %s in %s, asks no other host, and tries a method out', async (path, scheme) => {
    const { page, complaints, hosts } = await open(path, scheme);
    await page.locator('.btn.authorize').click();
    await page.getByLabel('auth-bearer-value').fill('k3y');
    await page.locator('.auth-btn-wrapper .authorize').first().click();
    await page.locator('.btn-done').first().click();
    expect(await response(page)).toMatchObject({ error: 0, log: '4 rows, none missing' });
    await page.screenshot({ path: `${ARTIFACTS}/docs-${scheme}.png` });
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(service.url).host]);
    await page.close();
  });

  it('follows the colour scheme of the system, also when it changes', async () => {
    const { page } = await open('/docs', 'light');
    const background = () =>
      page.evaluate<string>("getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor");
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    await eventually(async () => (await background()) !== light);
    await page.close();
  });
});
