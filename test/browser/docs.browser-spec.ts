import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Browser, type Page } from 'playwright-core';
import { launch } from '../support/browser.js';
import { eventually } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const ARTIFACTS = resolve(import.meta.dirname, '../../artifacts');
const METHOD = '#operations-methods-method';

// A browser without a GPU is slow on a busy machine.
jest.setTimeout(180_000);

describe('the page at /docs', () => {
  let browser: Browser;
  let service: Service;
  beforeAll(async () => {
    [browser, service] = await Promise.all([launch(), startService({ API_KEYS: 'alice:k3y' })]);
    await mkdir(ARTIFACTS, { recursive: true });
  });
  afterAll(() => Promise.all([browser.close(), service.close()]));

  /** The page, its errors, and the hosts that it requests. */
  const open = async (path: string, colorScheme: 'light' | 'dark', width = 1280) => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 1800 } });
    const [complaints, hosts]: [string[], Set<string>] = [[], new Set()];
    // Violations of the Content-Security-Policy are logged to the console too.
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('request', (request) => void hosts.add(new URL(request.url()).host));
    await page.goto(`${service.url}${path}`);
    await page.locator(`${METHOD} .opblock-summary-control`).first().click();
    return { page, complaints, hosts };
  };

  const response = async (page: Page) => {
    await page.locator(`${METHOD} .execute`).click();
    const body = page.locator(`${METHOD} .live-responses-table .response-col_description .highlight-code code`).first();
    return JSON.parse(await body.innerText()) as { error: number; log: string };
  };

  it.each([
    ['/docs', 'light'],
    ['/docs/', 'dark'],
  ] as const)('is complete at %s in %s, requests no other host, and can try a method', async (path, scheme) => {
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

  it.each(['/docs', '/docs/'])('has the product’s icon and fonts at %s, and links to the start page', async (path) => {
    const { page, complaints } = await open(path, 'light');
    const icons = page.locator('link[rel=icon], header img');
    for (const icon of await icons.all()) {
      const address = (await icon.getAttribute('href')) ?? (await icon.getAttribute('src')) ?? '';
      const { status, headers } = await fetch(new URL(address, page.url()));
      expect([status, headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    }
    const fonts = await page.evaluate<string[]>(
      "[...new Set([...document.querySelectorAll('body :not(svg *)')].map((one) => getComputedStyle(one).fontFamily))]",
    );
    expect(fonts.sort()).toEqual(['system-ui', 'ui-monospace, monospace']);
    expect(complaints).toEqual([]);
    await page.getByRole('link', { name: 'Home' }).click();
    expect(page.url()).toBe(`${service.url}/`);
    await page.close();
  });

  it('lists each operation once and first, and the table of errors last', async () => {
    const { page } = await open('/docs', 'light');
    await page.locator('#about table').waitFor();
    expect(await page.locator('.opblock-tag').allInnerTexts()).toEqual([
      expect.stringContaining('methods'),
      expect.stringContaining('service'),
    ]);
    const top = async (selector: string) => (await page.locator(selector).first().boundingBox())?.y ?? NaN;
    expect(await top('.opblock')).toBeLessThan(600);
    expect(await top('#about table')).toBeGreaterThan(await top('.models'));
    expect(
      await page.evaluate(
        "document.querySelector('#about table').getBoundingClientRect().bottom > document.documentElement.getBoundingClientRect().bottom - 60",
      ),
    ).toBe(true);
    expect(await page.locator('.information-container table').count()).toBe(0);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('fits a width of 360 pixels in %s', async (scheme) => {
    const { page } = await open('/docs', scheme, 360);
    await page.locator('#about table').waitFor();
    await page.locator(`${METHOD} .responses-table`).first().waitFor();
    const widest = await page.evaluate(
      "Math.max(...[...document.querySelectorAll('body *')].map((one) => one.getBoundingClientRect().right))",
    );
    expect(widest).toBeLessThanOrEqual(360);
    await page.screenshot({ path: `${ARTIFACTS}/docs-narrow-${scheme}.png`, fullPage: true });
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
