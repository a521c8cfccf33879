import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Browser, type Page, type Route } from 'playwright-core';
import { BandEnergyModule } from '../fixtures/methods/band-energy/band-energy.module.js';
import { DifferenceModule } from '../fixtures/methods/difference/difference.module.js';
import { HourlyMeanModule } from '../fixtures/methods/hourly-mean/hourly-mean.module.js';
import { SmoothingModule } from '../fixtures/methods/smoothing/smoothing.module.js';
import { launch } from '../support/browser.js';
import { bodyOf, eventually, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ARTIFACTS = join(ROOT, 'artifacts');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SAMPLE = join(ROOT, 'test/fixtures/sample.request.json');

// A browser without a GPU is slow on a busy machine.
jest.setTimeout(300_000);

interface Opening {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly url?: string;
  readonly timezone?: string;
}

interface Response {
  scalar: { headers: string[]; data: (number | null)[][] };
}

const START = 1_420_066_800;

/** A body with a wave, noise and gaps. `odd` replaces rows by index. */
function bodyText(rows: number, odd: Readonly<Record<number, string>> = {}): string {
  const noise = sampleRows(rows);
  const lines = noise.map(([date, e1 = 0, e2 = 0], row) => {
    const turn = (row / rows) * 2 * Math.PI;
    const [slow, quick] = [60 * Math.sin(3 * turn) + e1 / 60, 300 + 120 * Math.cos(turn) + e2 / 15];
    const isGap = row > rows * 0.3 && row < rows * 0.38;
    return odd[row] ?? `[${date}.0, ${slow}, ${isGap ? 'NaN' : quick}]`;
  });
  return `{"param": {"scale": 25}, "scalar": {"headers": ["date", "e1_ts", "e2_ts"], "data": [${lines.join(', ')}]}}`;
}

/** Node 20 cannot run TypeScript. */
const compiled = (file: string): string =>
  `${join(ROOT, 'node_modules/.bin/tsc')} --ignoreConfig --module nodenext --target es2023 --typeRoots ${join(ROOT, 'node_modules/@types')} --types node ${file} && node ${file.replace(/ts$/, 'js')}`;

describe('the playground', () => {
  let browser: Browser;
  let service: Service;
  let directory: string;
  let page: Page;
  const complaints: string[] = [];
  const hosts = new Set<string>();

  beforeAll(async () => {
    [browser, service] = await Promise.all([launch(), startService({ PLAYGROUND: 'on' })]);
    directory = await mkdtemp(join(tmpdir(), 'playground-'));
    await mkdir(ARTIFACTS, { recursive: true });
  });
  afterAll(async () => {
    await Promise.all([browser.close(), service.close(), rm(directory, { recursive: true })]);
  });

  /** A test fails if the page logs an unexpected error or requests another host. */
  afterEach(async () => {
    await page.close();
    const found = [...complaints.splice(0), ...hosts];
    hosts.clear();
    expect(found).toEqual([new URL(service.url).host]);
  });

  const open = async ({ scheme, width = 1280, url = service.url, timezone }: Opening = {}) => {
    page = await browser.newPage({
      colorScheme: scheme ?? 'light',
      viewport: { width, height: 900 },
      timezoneId: timezone ?? 'UTC',
    });
    // Violations of the Content-Security-Policy are logged to the console too.
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('request', (request) => {
      if (request.url().startsWith('http'))
        hosts.add(new URL(request.url()).host.replace(new URL(url).host, new URL(service.url).host));
    });
    // A slow step should hit the limit of the test, not that of the step.
    page.setDefaultTimeout(120_000);
    await page.goto(url);
  };

  const write = async (name: string, text: string | Uint8Array) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };

  /** The date and the row at the cursor of a plot. */
  const place = (figure = 'inputs') => text(`#${figure} .place`);
  const text = (selector: string) => page.locator(selector).innerText();
  const choose = async (path: string) => {
    await page.locator('#file').setInputFiles(path);
    await idle();
  };
  const idle = async () => {
    await page.locator('#send:enabled').waitFor();
    await page.locator('#cancel:disabled').waitFor();
  };
  const send = async () => {
    await page.locator('#send').click();
    await page.locator('#response').waitFor();
    await idle();
  };
  const numbers = async () =>
    Object.fromEntries(
      (await text('#numbers')).split('\n').map((line) => line.split('\t').map((cell) => cell.trim())),
    ) as Record<string, string>;
  const tableOf = async (selector: string) =>
    (await text(`${selector} tbody`)).split('\n').map((line) => line.split('\t').map((cell) => cell.trim()));
  const screenshot = (name: string) =>
    page.screenshot({ path: join(ARTIFACTS, `playground-${name}.png`), fullPage: true });
  const labels = () => page.locator('.entry output').allInnerTexts();
  const download = async () => {
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()]);
    return readFile(await saved.path(), 'utf8');
  };
  /** Saves the body of a command under the name that the command uses. */
  const saveSent = async () => {
    const name = await text('#body-file');
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#body-file').click()]);
    await saved.saveAs(join(directory, name));
  };
  const command = async () => (await page.locator('#curl').textContent()) ?? '';
  const bash = (script: string, env: NodeJS.ProcessEnv = {}) =>
    new Promise<string>((resolve, reject) => {
      execFile(
        '/bin/bash',
        ['-c', script],
        { cwd: directory, maxBuffer: 1 << 28, env: { PATH: process.env.PATH, ...env } },
        (error, stdout) => (error === null ? resolve(stdout) : reject(new Error(error.message))),
      );
    });
  /** Calls a function, given as source text, with an element of the page. */
  const ask = <T>(selector: string, call: string) =>
    page.evaluate<T>(`(${call})(document.querySelector(${JSON.stringify(selector)}))`);
  /** The pixels of a plot. */
  const drawn = (figure: string) => ask<string>(`#${figure} canvas`, '(canvas) => canvas.toDataURL()');
  /** The share, from 0 to 1, of a plot's pixel columns, without its axes, that contain a colored pixel. */
  const inkedColumns = (figure: string) =>
    ask<number>(
      `#${figure} canvas`,
      `(canvas) => {
        const over = document.querySelector('#${figure} .u-over');
        const [left, width, height] = [over.offsetLeft, over.clientWidth, over.clientHeight].map((at) => at * devicePixelRatio);
        const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        copy.drawImage(canvas, -left, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        const isInked = (_, x) => {
          for (let i = 4 * x; i < data.length; i += 4 * width)
            if (data[i + 3] > 100 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) return true;
          return false;
        };
        return Array.from({ length: width }, isInked).filter(Boolean).length / width;
      }`,
    );
  const axe = async () => {
    await page.evaluate(await readFile(AXE, 'utf8'));
    const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
      "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
    );
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  };

  it('sends the sample, and shows the recorded response', async () => {
    const recorded = JSON.parse(await readFile(join(ROOT, 'test/fixtures/sample.response.json'), 'utf8')) as Response;
    await open();
    await page.locator('#sample').click();
    await idle();
    expect(await page.locator('#param-scale').inputValue()).toBe('25');
    await send();
    expect([await text('#code'), await text('#http'), await text('#log')]).toEqual([
      '0 · success',
      'HTTP 200',
      '4 rows, none missing',
    ]);
    expect(await numbers()).toMatchObject({
      Rows: '4',
      'Service: receive': expect.stringMatching(/ [mµ]?s$/),
      'Service: decode': expect.stringMatching(/ [mµ]?s$/),
      'Service: compute': expect.stringMatching(/ [mµ]?s$/),
    });
    const rows = await tableOf('#rows');
    expect(rows.map((row) => Number(row[4]))).toEqual(recorded.scalar.data.map(([, sum]) => sum));
    expect(rows[0]).toEqual([
      '0',
      '2014-12-31 23:00:00 UTC',
      '1.2507524347169103',
      '842.5969587837332',
      '21096.19278046125',
    ]);
    expect(JSON.parse(await download())).toMatchObject(recorded);
    expect(await bash(await command())).toBe(await download());
    await screenshot('sample');
  });

  it('shows the values under the cursor in both plots, and gaps as gaps', async () => {
    await open();
    const odd = { 500: '[1420067300, null, 5]', 501: '[1420067301, 7, 8]', 502: '[1420067302, null, null]' };
    await choose(await write('gaps.json', bodyText(1000, odd)));
    await send();
    expect(await numbers()).toMatchObject({ Rows: '1,000' });
    await page.locator('#inputs .canvas').focus();
    await page.keyboard.press('Home');
    await page.locator('#inputs .u-over').hover({ position: { x: 300, y: 100 } });
    await eventually(async () => (await labels()).every((value) => value !== ''));
    const [e1, e2, sum] = await labels();
    expect(await place()).toMatch(/^2014-12-31 23:\d\d:\d\d UTC · row \d+$/);
    if (e2 === 'missing') expect(sum).toBe('missing');
    else expect(Number(sum)).toBe(25 * (Number(e1) + Number(e2)));
    // Nothing is drawn where samples are missing.
    const empty = await ask<number>(
      '#output canvas',
      `(canvas) => {
      const { width, height } = canvas;
      const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, width, height).data.buffer);
      const line = (x) => { for (let y = 10; y < height - 60; y++) { const p = pixels[y * width + x]; const [r, g, b] = [p & 255, (p >> 8) & 255, (p >> 16) & 255]; if (p >>> 24 > 200 && g - r > 60) return true; } return false; };
      let longest = 0, at = 0;
      for (let x = 80; x < width - 50; x++) { at = line(x) ? 0 : at + 1; longest = Math.max(longest, at); }
      return longest / width;
    }`,
    );
    expect(empty).toBeGreaterThan(0.04);
    await screenshot('gaps');
  });

  it('takes a dropped file of 200,000 rows, and zooms both plots together', async () => {
    await open();
    const path = await write('large.json', bodyText(200_000));
    const content = (await readFile(path)).toString('base64');
    const transfer = await page.evaluateHandle(
      `((content) => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
        transfer.items.add(new File([bytes], 'dropped.json'));
        return transfer;
      })(${JSON.stringify(content)})`,
    );
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
    await idle();
    expect(await text('#name')).toMatch(/^dropped\.json, [\d.]+ MB, 200,000 rows of date, e1_ts, e2_ts$/);
    await send();
    const before = [await drawn('inputs'), await drawn('output')];
    const box = await page.locator('#output .u-over').boundingBox();
    if (box === null) throw new Error('there is no plot');
    await page.mouse.move(box.x + box.width * 0.6, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await eventually(async () => (await drawn('inputs')) !== before[0] && (await drawn('output')) !== before[1]);
    await page.mouse.move(box.x + 2, box.y + 50);
    const row = async () => Number(/row (\d+)/.exec(await place())?.[1]);
    await eventually(async () => (await row()) > 0);
    expect((await row()) / 200_000).toBeCloseTo(0.6, 2);
    await screenshot('zoomed');
    await page.locator('#reset').click();
    await page.locator('#inputs .u-over').hover({ position: { x: 2, y: 50 } });
    await eventually(async () => (await row()) < 2000);
    const whole = [await drawn('inputs'), await drawn('output')];
    const isWhole = async () => (await drawn('inputs')) === whole[0] && (await drawn('output')) === whole[1];
    await page.locator('#output .canvas').press('+');
    await eventually(async () => !(await isWhole()));
    await page.locator('#inputs .u-over').dblclick();
    await eventually(isWhole);
  });

  it('draws lone samples and short runs as marks, at every zoom', async () => {
    await open();
    const sparse = Array.from({ length: 600 }, (_, s) => [START + s, 5 + Math.sin(s / 60), s % 10 ? null : 3]);
    await choose(await write('sparse.json', bodyOf(sparse, 2)));
    await send();
    expect(await inkedColumns('output')).toBeGreaterThan(0.3);
    await page.locator('#output .canvas').press('+');
    await page.locator('#output .canvas').press('+');
    await eventually(async () => (await inkedColumns('output')) < 0.3);
    expect(await inkedColumns('output')).toBeGreaterThan(0.05);
    await screenshot('sparse');
    const year = Array.from({ length: 1095 }, (_, i) => [START + Math.floor(i / 3) * 86_400 + (i % 3), i % 7, 4]);
    await choose(await write('year.json', bodyOf(year, 2)));
    await send();
    expect(await inkedColumns('inputs')).toBeGreaterThan(0.6);
    expect(await inkedColumns('output')).toBeGreaterThan(0.6);
    await screenshot('year');
  });

  it('shows the main range of dates, and the outliers at the press of a button', async () => {
    await open();
    const rows = Array.from({ length: 1000 }, (_, s) => [START + s, Math.sin(s / 60), 3]);
    [0, -5, 253_370_764_800].forEach((date, i) => ((rows[400 + i] as number[])[0] = date));
    await choose(await write('outliers.json', bodyOf(rows, 2)));
    await send();
    expect(await text('#note')).toContain('3 dates far from all others');
    const drawnAtFirst = await inkedColumns('output');
    expect(drawnAtFirst).toBeGreaterThan(0.9);
    await screenshot('outliers');
    await page.getByRole('button', { name: 'With 3 outliers' }).click();
    await eventually(async () => (await inkedColumns('output')) < 0.1);
    expect(await inkedColumns('output')).toBeGreaterThan(0);
    await page.locator('#output .canvas').press('Home');
    await eventually(async () => (await place()).startsWith('1969-12-31 23:59:55 UTC · row 401'));
    await screenshot('with-outliers');
    await page.locator('#outliers').click();
    await eventually(async () => (await inkedColumns('output')) === drawnAtFirst);
  });

  it('treats dates beyond the calendar as outliers', async () => {
    await open();
    const rows = Array.from({ length: 1000 }, (_, s) => [START + s, Math.sin(s / 60), 3]);
    [1e300, -1.7e308, 1.7e308, 8.7e12].forEach((date, i) => ((rows[400 + i] as number[])[0] = date));
    await choose(await write('no-calendar.json', bodyOf(rows, 2)));
    await send();
    expect(await text('#note')).toContain('4 dates far from all others');
    expect(await inkedColumns('inputs')).toBeGreaterThan(0.9);
    expect(await inkedColumns('output')).toBeGreaterThan(0.9);
    await page.getByRole('button', { name: 'With 4 outliers' }).click();
    await eventually(async () => (await inkedColumns('output')) < 0.1);
    expect(await inkedColumns('output')).toBeGreaterThan(0);
    await page.locator('#output .canvas').press('Home');
    await eventually(async () => (await place()) === 'a date of no calendar · row 401');
    await screenshot('no-calendar');
  });

  it('plots 200,000 gaps', async () => {
    await open();
    const rows = Array.from({ length: 400_000 }, (_, s) => [START + s, Math.sin(s / 6e4), s % 2 ? 5 : null]);
    await choose(await write('many-gaps.json', bodyOf(rows, 2)));
    await send();
    expect(await inkedColumns('inputs')).toBeGreaterThan(0.95);
    expect(await inkedColumns('output')).toBeGreaterThan(0.95);
    await screenshot('many-gaps');
  });

  /** The service's response to bodyOf(rows, 2). `odd` replaces rows by index. */
  const responseOf = (rows: readonly (readonly (number | null)[])[], odd: Record<number, string> = {}) => {
    const lines = rows.map(([date, e1, e2], row) => {
      const sum = e1 == null || e2 == null ? null : 2 * (e1 + e2);
      return odd[row] ?? `[${date}.0,${sum}]`;
    });
    const data = lines.filter((line) => line !== '').join();
    return `{"scalar":{"headers":["date","sum_ts"],"data":[${data}]},"error":0,"log":"recorded"}`;
  };
  const compareWith = async (name: string, content: string) => {
    await page.locator('#expected').setInputFiles(await write(name, content));
    if (await page.locator('#response').isVisible())
      await page.locator('#status', { hasText: `compared with ${name}` }).waitFor();
  };
  const notes = () => page.locator('#comparison-notes li').allInnerTexts();
  const cursorRow = async () => Number(/row (\d+)$/.exec(await place())?.[1] ?? NaN);
  const shownRows = async () => (await tableOf('#rows')).map(([row]) => Number(row));
  const saved = async (selector: string) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator(selector).click()]);
    return [file.suggestedFilename(), await readFile(await file.path(), 'utf8')] as const;
  };
  /** The page coordinates of a point in a plot. `across` runs from 0 at the left to 1. */
  const placeIn = async (figure: string, across: number) => {
    const box = await page.locator(`#${figure} .u-over`).boundingBox();
    if (box === null) throw new Error('there is no plot');
    return { x: box.x + box.width * across, y: box.y + box.height / 2 };
  };
  /** The row at the left end of a plot. */
  const leftRow = async () => {
    const { x, y } = await placeIn('inputs', 0);
    await page.mouse.move(x + 40, y);
    await page.mouse.move(x + 1, y);
    return cursorRow();
  };
  const watchLabels = () =>
    page.evaluate(`
      globalThis.texts = new Set();
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { texts.add(text); fillText.call(this, text, ...at); };
    `);

  it('compares a recorded response that differs in one row of a million', async () => {
    await open();
    page.setDefaultTimeout(0);
    const rows = sampleRows(1_000_000);
    await choose(await write('million.json', bodyOf(rows, 2)));
    const [date = 0, e1 = 0, e2 = 0] = rows[654_321] as number[];
    const recorded = 2 * (e1 + e2) + 0.5;
    await compareWith('other.json', responseOf(rows, { 654_321: `[${date}.0,${recorded}]` }));
    await send();
    expect(await text('#comparison-title')).toBe('Compared with other.json');
    expect(await text('#same')).toBe('Not the same');
    expect(await tableOf('#comparison')).toEqual([
      ['sum_ts', '1 of 1,000,000', 'row 654321', '0.5 row 654321', expect.stringMatching(/^\S+ row 654321$/)],
    ]);
    expect(Number((await tableOf('#comparison'))[0]?.[4]?.split(' ')[0])).toBeCloseTo(0.5 / recorded, 9);
    await page.locator('#differences button').first().click();
    await eventually(async () => (await cursorRow()) === 654_321);
    const [actual, expected] = [2 * (e1 + e2), recorded].map(String);
    expect((await labels()).slice(2)).toEqual([expected, actual]);
    await eventually(async () => (await shownRows()).includes(654_321));
    await screenshot('compared');
    await compareWith('same.json', responseOf(rows));
    expect([await text('#same'), await notes()]).toEqual(['The same in all 1,000,000 rows', []]);
    await page.locator('#forget').click();
    expect(await page.locator('#comparison').isHidden()).toBe(true);
    expect(await page.locator('#output .entry').count()).toBe(1);
  });

  it('reports the other differences from a recorded response', async () => {
    await open();
    const rows = [0, 1, 2, 3, 4].map((s) => [START + s, s, s === 3 ? null : 1]);
    await choose(await write('five.json', bodyOf(rows, 2)));
    await send();
    const difference = async () => (await tableOf('#comparison')).map((cells) => cells.slice(0, 3));
    await compareWith('fewer.json', responseOf(rows, { 1: '', 4: '' }));
    expect(await notes()).toEqual(['2 rows only here, the first is row 1']);
    expect(await difference()).toEqual([['sum_ts', '0 of 3', '–']]);
    await compareWith('missing.json', responseOf(rows, { 2: `[${START + 2}.0,null]`, 3: `[${START + 3}.0,8]` }));
    expect(await difference()).toEqual([['sum_ts', '2 of 5, 2 by a missing sample', 'row 2']]);
    const later = rows.map(([date = 0, ...cells]) => [(date as number) + 3600, ...cells]);
    await compareWith('later.json', responseOf(later));
    expect(await notes()).toEqual([
      '5 rows only here, the first is row 0',
      '5 rows only in later.json, the first is row 0',
    ]);
    await page.locator('#reset').click();
    await screenshot('compared-later');
    await compareWith('moved.json', responseOf([...rows].reverse()));
    expect(await notes()).toEqual(['The rows come in another order: compared by date. The first that moved is row 0']);
    await compareWith('others.json', responseOf(rows).replace('sum_ts', 'mean_ts'));
    expect(await notes()).toEqual(['Only here: sum_ts.', 'Only in others.json: mean_ts.']);
    await compareWith('refused.json', '{"error":25,"log":"a bad sample"}');
    expect(await notes()).toEqual([
      'error is 0 here, 25 in refused.json.',
      '5 rows only here, the first is row 0',
      'Only here: date, sum_ts.',
    ]);
    await compareWith('cut.json', responseOf(rows).slice(0, -80));
    expect((await notes())[0]).toMatch(/^cut.json is not valid JSON: unexpected end/);
    expect(await text('#same')).toBe('Not the same');
    expect(await axe()).toEqual([]);
  });

  it('shows the statistics of each series, and jumps to its gaps', async () => {
    await open();
    const rows = Array.from({ length: 1000 }, (_, s) => [
      START + s + (s < 700 ? 0 : 7200),
      s % 2 ? 1 : 4,
      s < 20 || (s > 300 && s <= 380) ? null : s,
    ]);
    await choose(await write('gaps.json', bodyOf(rows, 2)));
    await send();
    await page.locator('#statistics summary').click();
    const sums = rows.flatMap(([, e1, e2]) => (e2 == null ? [] : 2 * ((e1 as number) + e2)));
    const mean = sums.reduce((sum, one) => sum + one, 0) / sums.length;
    const found = await tableOf('#statistics');
    expect(found.slice(0, 1)).toEqual([['e1_ts', '1,000', '0', '1', '2.5', '4', '1 s', '1']]);
    expect(found[2]?.slice(0, 4)).toEqual(['sum_ts', '900', '100', String(Math.min(...sums))]);
    expect(Number(found[2]?.[4])).toBeCloseTo(mean, 8);
    expect(found[2]?.slice(5)).toEqual([String(Math.max(...sums)), '1 s', '3']);
    await page.getByRole('button', { name: '3 gaps of sum_ts' }).press('Enter');
    expect(await tableOf('#gaps')).toEqual([
      ['the beginning', '2014-12-31 23:00:20 UTC', '20 s', '20'],
      ['2014-12-31 23:05:00 UTC', '2014-12-31 23:06:21 UTC', '1.35 min', '80'],
      ['2014-12-31 23:11:39 UTC', '2015-01-01 01:11:40 UTC', '2 h', '0'],
    ]);
    await page.locator('#gap-list button').nth(1).press('Enter');
    await eventually(async () => (await cursorRow()) === 301);
    await eventually(async () => (await shownRows()).includes(301));
    await screenshot('statistics');
    await page.locator('#gap-list button').last().click();
    await eventually(async () => (await cursorRow()) === 700);
    expect(await axe()).toEqual([]);
  });

  it('shows the rows of the cursor and of the view, and goes to a row and a date', async () => {
    await open();
    await choose(await write('followed.json', bodyText(20_000)));
    expect(await shownRows()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const { x, y } = await placeIn('inputs', 0.5);
    await page.mouse.move(x, y);
    await eventually(async () => (await shownRows()).includes(await cursorRow()));
    expect(await page.locator('#rows .current th').innerText()).toBe(String(await cursorRow()));
    await page.locator('#go-row').fill('15000');
    await page.keyboard.press('Enter');
    await eventually(async () => (await page.locator('#rows .current th').innerText()) === '15000');
    await page.locator('#inputs .canvas').press('+');
    await page.locator('#inputs .canvas').press('+');
    await page.locator('#go-date').fill('2014-12-31 23:00:07');
    await page.locator('#go button').click();
    await eventually(async () => (await cursorRow()) === 7);
    await eventually(async () => (await shownRows()).join() === '2,3,4,5,6,7,8,9,10,11');
    for (const [field, value, note] of [
      ['#go-row', '20000', 'Expected a row from 0 to 19,999.'],
      ['#go-date', 'yesterday', 'Expected a date such as'],
      ['#go-date', '2099-01-01', 'No row has this date: the last is shown.'],
      ['#go-date', '1999-01-01', 'No row has this date: the next is shown.'],
    ] as const) {
      await page.locator(field).fill(value);
      await page.locator(field).press('Enter');
      await page.locator('#go-note', { hasText: note }).waitFor();
    }
    await eventually(async () => (await cursorRow()) === 0);
    await screenshot('followed');
  });

  it('goes to the exact row of several with the same date', async () => {
    await open();
    const rows = Array.from({ length: 40 }, (_, s) => [START + Math.floor(s / 20), s, s]);
    await choose(await write('twins.json', bodyOf(rows, 2)));
    await page.locator('#go-row').fill('13');
    await page.locator('#go-row').press('Enter');
    await eventually(async () => (await page.locator('#rows .current th').innerText()) === '13');
    expect(await cursorRow()).toBe(13);
    expect((await labels())[0]).toBe('13');
    await page.locator('#inputs .canvas').press('ArrowRight');
    await eventually(async () => (await cursorRow()) === 14);
  });

  it('moves the view with Shift, zooms with the wheel, and undoes both', async () => {
    await open();
    await choose(await write('moved.json', bodyText(20_000)));
    const { x, y } = await placeIn('inputs', 0.5);
    const whole = await drawn('inputs');
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -900);
    await eventually(async () => Math.abs((await leftRow()) - 8750) < 150);
    const zoomed = await leftRow();
    await page.keyboard.down('Shift');
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 200, y, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await eventually(async () => (await leftRow()) > zoomed + 300);
    await page.locator('#back').click();
    await eventually(async () => (await leftRow()) === zoomed);
    await page.locator('#back').click();
    await page.mouse.move(1, 1);
    await eventually(async () => (await drawn('inputs')) === whole);
    for (const name of ['Zoom in', 'Zoom in', 'Later']) await page.getByRole('button', { name }).click();
    await eventually(async () => Math.abs((await leftRow()) - 10_000) < 400);
  });

  it('moves with one finger and zooms with two', async () => {
    await open();
    await choose(await write('touched.json', bodyText(20_000)));
    const touch = await page.context().newCDPSession(page);
    const at = async (type: string, ...parts: number[]) => {
      const touchPoints = await Promise.all(parts.map((part) => placeIn('inputs', part)));
      await touch.send('Input.dispatchTouchEvent', { type, touchPoints } as never);
    };
    await page.locator('#inputs .u-over').scrollIntoViewIfNeeded();
    await at('touchStart', 0.4, 0.6);
    for (const by of [0.1, 0.2, 0.3]) await at('touchMove', 0.4 - by, 0.6 + by);
    await at('touchEnd');
    await eventually(async () => Math.abs((await leftRow()) - 7500) < 500);
    await at('touchStart', 0.8);
    for (const part of [0.7, 0.5, 0.3]) await at('touchMove', part);
    await at('touchEnd');
    await eventually(async () => Math.abs((await leftRow()) - 10_000) < 500);
  });

  it('gives each series its own axis on request', async () => {
    await open();
    const rows = Array.from({ length: 500 }, (_, s) => [START + s, Math.sin(s / 20), 1e5 * Math.cos(s / 20)]);
    await choose(await write('axes.json', bodyOf(rows, 2)));
    await send();
    await watchLabels();
    await page.locator('#inputs .canvas').press('+');
    const labelled = () => page.evaluate<string[]>('[...texts]');
    expect(await labelled()).not.toContain('-0.5');
    await page.locator('#axes').click();
    await eventually(async () => (await labelled()).includes('-0.5'));
    expect(await labelled()).toContain('50000');
    await screenshot('own-axes');
    const [one, other] = await Promise.all(['inputs', 'output'].map((figure) => placeIn(figure, 0)));
    expect(one?.x).toBe(other?.x);
    const both = await drawn('inputs');
    await page.locator('#axes').click();
    await eventually(async () => (await drawn('inputs')) !== both);
  });

  it('leaves half of a narrow plot to the lines of many series with axes of their own', async () => {
    await open({ width: 360 });
    const names = Array.from({ length: 8 }, (_, c) => `c${c}`);
    const rows = Array.from({ length: 50 }, (_, s) => [START + s, 1, 2, ...names.map((_, c) => s * 10 ** c)]);
    const scalar = { headers: ['date', 'e1_ts', 'e2_ts', ...names], data: rows };
    await choose(await write('many.json', JSON.stringify({ param: { scale: 1 }, scalar })));
    for (const name of names) await page.getByRole('button', { name, exact: true }).click();
    await page.locator('#axes').click();
    const [plot, canvas] = await Promise.all(
      ['.u-over', '.canvas'].map((part) => ask<number>(`#inputs ${part}`, '(part) => part.clientWidth')),
    );
    expect(plot).toBeGreaterThan((canvas as number) / 3);
    await screenshot('own-axes-narrow');
  });

  it('does not move a plot when the cursor’s position is shown', async () => {
    await open({ width: 360, timezone: 'Asia/Kolkata' });
    const rows = Array.from({ length: 300 }, (_, s) => [START + s + 0.123456, -(s + 1) / 3e5, 1 / (s + 7)]);
    await choose(await write('still.json', bodyOf(rows, 2)));
    await send();
    await page.locator('#zone').selectOption({ index: 1 });
    const top = () => ask<number>('#output .u-over', '(over) => over.getBoundingClientRect().top + scrollY');
    const before = await top();
    await page.locator('#inputs .canvas').press('End');
    await eventually(async () => (await place()).endsWith('row 299'));
    expect(await top()).toBe(before);
    await screenshot('still');
  });

  it('shows the time zone on the axis, and the browser’s zone on request', async () => {
    await open({ timezone: 'Europe/Berlin' });
    await watchLabels();
    // Daylight saving time started at 01:00 UTC.
    const rows = Array.from({ length: 13 }, (_, quarter) => [1_427_587_200 + quarter * 900, quarter, 1]);
    await choose(await write('zone.json', bodyOf(rows, 2)));
    const labelled = () => page.evaluate<string[]>('[...texts]');
    expect(await labelled()).toEqual(expect.arrayContaining(['2015-03-29 UTC', '00:00', '02:00']));
    await page.evaluate('texts.clear()');
    await page.locator('#zone').selectOption('Browser (Europe/Berlin)');
    await eventually(async () => (await labelled()).includes('UTC+02:00'));
    expect(await labelled()).toEqual(expect.arrayContaining(['2015-03-29', 'UTC+01:00', '01:00', '03:00']));
    expect(await labelled()).not.toContain('02:00');
    const dates = (await tableOf('#rows')).map(([, date]) => date);
    expect([dates[3], dates[4]]).toEqual(['2015-03-29 01:45:00 UTC+01:00', '2015-03-29 03:00:00 UTC+02:00']);
    await page.locator('#go-date').fill('2015-03-29 03:00:00 UTC+02:00');
    await page.locator('#go-date').press('Enter');
    await eventually(async () => (await cursorRow()) === 4);
    await page.locator('#go-date').fill('2015-03-29 03:15');
    await page.locator('#go-date').press('Enter');
    await eventually(async () => (await cursorRow()) === 5);
  });

  it('saves the rows in view as CSV', async () => {
    await open();
    const rows = Array.from({ length: 30_000 }, (_, s) => [START + s + 0.5, s / 3, s === 100 ? null : 5]);
    await choose(await write('kept.json', bodyOf(rows, 2)));
    await send();
    const [name, all] = await saved('#rows-csv');
    expect(name).toBe('kept.json, rows 0 to 29999.csv');
    const lines = all.split('\r\n');
    expect([lines.length, lines[0], lines[1]]).toEqual([
      30_002,
      'row,"date","e1_ts","e2_ts","sum_ts",time',
      `0,${START + 0.5},0,5,10,2014-12-31 23:00:00.500 UTC`,
    ]);
    expect(lines[101]).toBe(`100,${START + 100.5},${100 / 3},,,2014-12-31 23:01:40.500 UTC`);
    await page.locator('#go-row').fill('20000');
    await page.locator('#go-row').press('Enter');
    for (let i = 0; i < 4; i++) await page.locator('#inputs .canvas').press('+');
    const [part, some] = await saved('#rows-csv');
    const [, from = 0, to = 0] = (/rows (\d+) to (\d+)/.exec(part) ?? []).map(Number);
    expect([from < 20_000, to > 20_000, to - from < 3000]).toEqual([true, true, true]);
    expect(some.split('\r\n').length).toBe(to - from + 3);
    const shown = await text('#body-rows');
    await send();
    // Sending again keeps the view, and so the rows in it.
    expect([await saved('#rows-csv'), await text('#body-rows')]).toEqual([[part, some], shown]);
  });

  it('says what a compressed body is, also after the service has refused it', async () => {
    await open();
    await choose(await write('body.json.gz', Uint8Array.of(0x1f, 0x8b, 8, 0)));
    await send();
    complaints.splice(0);
    expect(await text('#fault')).toContain('it is compressed by gzip');
    expect([await text('#fault-count'), await text('#fault-log')]).toEqual(['1 fault', await text('#log')]);
  });

  it('shows which body or response each part belongs to', async () => {
    await open();
    await choose(await write('mine.json', bodyText(100)));
    await page.locator('#param-scale').fill('7');
    await send();
    await page.locator('#param-scale').fill('8');
    expect(await text('#belongs')).toMatch(/^To mine\.json with scale 7, sent to \/method at \d/);
    expect(await text('#inputs figcaption')).toContain('Inputs of mine.json');
    expect(await text('#output figcaption')).toContain('Output for mine.json with scale 7');
    expect(await text('#rows')).toContain('mine.json: 10 of 100 rows');
  });

  it.each([
    ['the largest numbers', 60, 1e300, /^[\d.]+e300$/],
    ['the smallest number', 60, 5e-324, /^[\d.]+e-324$/],
    ['a constant', 60, 842.5, /^8\d\d$/],
    ['a microsecond', 1e-6, 3, /^00\.000000\d$/],
    ['a century', 3.1e9, 3, /^20[2-9]0$/],
  ])('labels %s', async (name, seconds, value, expected) => {
    await open();
    await page.evaluate(`
      globalThis.texts = new Set();
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { texts.add(text); fillText.call(this, text, ...at); };
    `);
    const rows = [0, 0.25, 0.5, 0.75, 1].map((part) => [START + part * seconds, value, value]);
    await choose(await write('labels.json', bodyOf(rows, 2)));
    const found = await page.evaluate<string[]>('[...texts]');
    expect(found.filter((label) => expected.test(label)).length).toBeGreaterThan(1);
    expect(found.every((label) => label.length <= 20)).toBe(true);
    expect(await inkedColumns('inputs')).toBeGreaterThan(0);
    await screenshot(`labels-${name.replaceAll(' ', '-')}`);
  });

  it('finds the columns that a method needs after forty others', async () => {
    await open();
    const headers = Array.from({ length: 43 }, (_, c) => `tag_${c}`);
    [headers[25], headers[30], headers[42]] = ['e2_ts', 'date', 'e1_ts'];
    const data = Array.from({ length: 100 }, (_, s) => headers.map((_, c) => (c === 30 ? START + s : c + s)));
    await choose(await write('wide.json', JSON.stringify({ param: { scale: 2 }, scalar: { headers, data } })));
    expect(await text('#note')).toContain('Of 43 columns, 16 are shown');
    expect(await page.locator('#inputs .entry [aria-pressed="true"]').allInnerTexts()).toEqual(['e1_ts', 'e2_ts']);
    await page.locator('#inputs .canvas').press('ArrowRight');
    await eventually(async () => (await place()).startsWith('2014-12-31 23:00:00 UTC'));
    expect((await labels()).slice(0, 2)).toEqual(['42', '25']);
    await send();
    expect((await tableOf('#rows'))[1]?.at(-1)).toBe('138');
  });

  it('shows no older response after a request that failed or was cancelled', async () => {
    await open();
    const names = () => page.locator('#rows thead').innerText();
    for (const end of ['fails', 'is cancelled']) {
      await choose(SAMPLE);
      await send();
      expect(await names()).toContain('sum_ts');
      await page.locator('#param-scale').fill('7');
      await page.route('**/method', (route) => (end === 'fails' ? route.abort() : undefined));
      await page.locator('#send').click();
      if (end === 'is cancelled') await page.locator('#cancel').click();
      await page.getByText(end === 'fails' ? 'Failed: ' : 'Cancelled.').waitFor();
      await idle();
      expect(await names()).not.toContain('sum_ts');
      expect(await page.locator('#response').isHidden()).toBe(true);
      expect(await page.locator('#output').isHidden()).toBe(true);
      await page.unroute('**/method');
    }
    expect(complaints.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
  });

  it('shows no response to a file after another one was chosen', async () => {
    await open();
    await choose(SAMPLE);
    await send();
    await page.locator('#language').selectOption('Python');
    await page.locator('#copy', { hasText: 'Copy as Python' }).waitFor();
    const asked = new Promise<Route>((resolve) => void page.route('**/send.py', resolve));
    await page.locator('#send').click();
    const program = await asked;
    await choose(await write('next.json', bodyText(50)));
    const answered = page.waitForResponse('**/send.py');
    await program.continue();
    await (await answered).finished();
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
    expect(await page.locator('#response').isHidden()).toBe(true);
    expect(await tableOf('#rows')).toHaveLength(10);
  });

  it('shows the row that a log names with its neighbours, and marks the cell', async () => {
    await open({ scheme: 'dark' });
    await choose(await write('refused.json', bodyText(200_000, { 180_000: '[1420246800.0, "n/a", 503.25]' })));
    await send();
    expect([await text('#code'), await text('#meaning')]).toEqual([
      '25 · INVALID_SAMPLE',
      'A sample is neither a number nor missing, or is past the largest double.',
    ]);
    expect(await text('#log')).toContain('scalar.data[180000][1] (e1_ts)');
    const rows = await tableOf('#place');
    expect(rows.map(([row]) => row)).toEqual(['179998', '179999', '180000', '180001', '180002']);
    expect(rows[2]).toEqual(['180000', '1420246800.0', '2015-01-03 01:00:00 UTC', '"n/a"', '503.25']);
    expect(await page.locator('#place mark').allInnerTexts()).toEqual(['"n/a"']);
    expect(await page.locator('#output').isHidden()).toBe(true);
    await screenshot('refused');
  });

  it('shows the bytes that a log names if a body is not JSON, and sends it unchanged', async () => {
    await open();
    await choose(await write('broken.json', bodyText(3000, { 2000: '[1420068800.0; 5, 503.25]' })));
    expect(await text('#fault')).toMatch(/^This is not valid JSON: unexpected ";" at byte \d+\./);
    await send();
    expect([await text('#code'), await text('#http')]).toEqual(['10 · MALFORMED_JSON', 'HTTP 400']);
    expect(await page.locator('#place mark').innerText()).toBe(';');
    expect(await text('#place')).toContain('[1420068800.0; 5, 503.25]');
    await screenshot('broken');
    await choose(await write('cut.json', bodyText(3000).slice(0, -30)));
    expect(await text('#fault')).toContain('unexpected end after');
    expect(await page.locator('#place mark').innerText()).toBe('the end');
    await choose(await write('table.csv', 'date;e1_ts\n1;2\n'));
    expect(await text('#fault')).toContain('unexpected "d" at byte 0');
    await send();
    expect(await text('#code')).toBe('10 · MALFORMED_JSON');
    // Chromium itself logs each response that is not 2xx.
    expect(complaints.splice(0)).toEqual(Array(2).fill(expect.stringContaining('status of 400')));
  });

  it('stays responsive with a million rows, and shows the progress', async () => {
    await open();
    const path = await write('million.json', bodyOf(sampleRows(1_000_000), 2));
    await page.evaluate(`(() => {
      globalThis.gaps = []; let last = performance.now();
      const tick = () => { const now = performance.now(); gaps.push(now - last); last = now; setTimeout(tick, 10); };
      tick();
      globalThis.parts = new Set();
      new MutationObserver((records) => records.forEach(({ target }) => target.value > 0 && target.value < 1 && parts.add(document.getElementById('status').textContent)))
        .observe(document.getElementById('progress'), { attributes: true, attributeFilter: ['value'] });
    })()`);
    await choose(path);
    await send();
    expect(await numbers()).toMatchObject({ Rows: '1,000,000' });
    const parts = await page.evaluate<string[]>('[...parts]');
    expect(parts).toEqual(expect.arrayContaining(['Reading…', 'Sending…']));
    await page.locator('#inputs .u-over').hover();
    await page.locator('#inputs .canvas').focus();
    for (const key of ['+', '+', 'ArrowRight', '-', 'Escape']) await page.keyboard.press(key);
    expect(await place()).toMatch(/row \d+/);
    const gaps = await page.evaluate<number[]>('gaps');
    // A page that hangs has few ticks. The longest one depends on the machine, so it is only printed.
    process.stderr.write(`a million rows: ${gaps.length} ticks, longest ${Math.round(Math.max(...gaps))} ms\n`);
    expect(gaps.length).toBeGreaterThan(20);
    await screenshot('million');
  });

  it('sends a changed scale instead of the file’s, and shows it in the command', async () => {
    await open();
    const path = await write("it's a body.json", bodyText(1000));
    await choose(path);
    await page.locator('#param-scale').fill('-0.5');
    await send();
    const response = await download();
    const { scalar } = JSON.parse(response) as Response;
    const sent = JSON.parse((await readFile(path, 'utf8')).replaceAll('NaN', 'null')) as Response;
    const [, e1, e2] = sent.scalar.data[0] as [number, number, number];
    expect(scalar.data[0]?.[1]).toBe(-0.5 * (e1 + e2));
    expect(await command()).toContain("@'it'\\''s a body.sent.json'");
    await saveSent();
    expect(await bash(await command())).toBe(response);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#copy').click();
    await page.getByText('The command is in the clipboard.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await command());
  });

  it('adds a scale to pasted text without one', async () => {
    await open();
    await page.locator('#paste summary').click();
    await page.locator('#text').fill('{"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[1,2,3]]}}');
    await page.locator('#take').click();
    await idle();
    await page.locator('#param-scale').fill('2');
    await send();
    expect((await tableOf('#rows'))[0]?.[4]).toBe('10');
    expect(await bash(await command())).toBe(await download());
  });

  it('can be used by the keyboard alone', async () => {
    await open();
    const tabTo = async (selector: string) => {
      for (let i = 0; i < 40; i++) {
        if (await ask<boolean>(selector, '(found) => found === document.activeElement')) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not lead to ${selector}`);
    };
    await tabTo('#file');
    await tabTo('#sample');
    await page.keyboard.press('Enter');
    await idle();
    await tabTo('#param-scale');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await page.locator('#response').waitFor();
    await idle();
    await tabTo('#download');
    await tabTo('#copy');
    await tabTo('#inputs .entry button');
    await page.keyboard.press('Space');
    expect(await page.locator('#inputs .entry button').first().getAttribute('aria-pressed')).toBe('false');
    await page.keyboard.press('Space');
    await tabTo('#inputs .canvas');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await eventually(async () => (await place()).endsWith('row 1'));
    expect(await labels()).toEqual([
      '17.684785517717145',
      '503.28803528253366',
      String(17.684785517717145 + 503.28803528253366),
    ]);
    const whole = await drawn('output');
    await page.keyboard.press('+');
    await eventually(async () => (await drawn('output')) !== whole);
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    await eventually(async () => /row [23]$/.test(await place()));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Home');
    await eventually(async () => (await place()).endsWith('row 0'));
    expect(await ask('#inputs .canvas', '(found) => getComputedStyle(found).outlineStyle')).toBe('solid');
  });

  it.each(['light', 'dark'] as const)('passes axe in %s', async (scheme) => {
    await open({ scheme });
    expect(await axe()).toEqual([]);
    await page.locator('#paste summary').click();
    await choose(SAMPLE);
    await send();
    await page.locator('#response summary').click();
    await page.locator('#inputs .entry button').first().click();
    expect(await axe()).toEqual([]);
    await choose(join(ROOT, 'test/fixtures/refused.request.json'));
    await send();
    expect(await axe()).toEqual([]);
  });

  it('follows the colour scheme of the system, including the plots', async () => {
    await open();
    await choose(SAMPLE);
    const light = await drawn('inputs');
    await page.emulateMedia({ colorScheme: 'dark' });
    await eventually(async () => (await drawn('inputs')) !== light);
  });

  it('fits a width of 360 pixels', async () => {
    await open({ width: 360 });
    const excess = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(await excess()).toBe(0);
    await choose(join(ROOT, 'test/fixtures/refused.request.json'));
    await send();
    expect(await excess()).toBe(0);
    expect(await ask<number>('#place mark', '(mark) => mark.getBoundingClientRect().right')).toBeLessThan(360);
    await choose(
      await write('words.json', '{"param":{"scale":"x"},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[]}}'),
    );
    expect(await ask<number>('#fault-groups td', '(kind) => kind.offsetHeight')).toBeLessThan(40);
    await choose(await write('narrow.json', bodyText(2000)));
    await send();
    await page.locator('#response summary').click();
    expect(await excess()).toBe(0);
    expect(await axe()).toEqual([]);
    await screenshot('narrow');
  });

  /** Whether an element is visible in the viewport and in its scroll container. */
  const isInView = (selector: string) =>
    ask<boolean>(
      selector,
      `(found) => {
      const [inner, outer] = [found.getBoundingClientRect(), found.closest('.scroll').getBoundingClientRect()];
      const isAcross = inner.left >= Math.max(0, outer.left) && inner.right <= Math.min(innerWidth, outer.right);
      return isAcross && inner.top >= 0 && inner.bottom <= innerHeight;
    }`,
    );

  it.each([360, 1280])('scrolls to the faulty cell of a wide body at %i pixels', async (width) => {
    await open({ width });
    const names = Array.from({ length: 300 }, (_, c) => (c === 250 ? 'e2_ts' : c === 3 ? 'e1_ts' : `x${c}`));
    const rows = Array.from({ length: 50 }, (_, row) => {
      const cells = names.map((_, c) => String(row * 1000 + c / 7));
      if (row === 40) cells[250] = '"far to the right"';
      return `[${1420066800 + row}, ${cells.join(', ')}]`;
    });
    const headers = JSON.stringify(['date', ...names]);
    await choose(
      await write('wide.json', `{"param":{"scale":1},"scalar":{"headers":${headers},"data":[${rows.join()}]}}`),
    );
    await send();
    expect(await text('#log')).toContain('scalar.data[40][251] (e2_ts)');
    expect(await page.locator('#place mark').allInnerTexts()).toEqual(['"far to the right"']);
    expect(await isInView('#place mark')).toBe(true);
    expect(await text('#place .at-fault')).toContain('2014-12-31 23:00:40 UTC');
    await screenshot(`wide-${width}`);
  });

  it('marks the faulty row on the plot, and zooms to it', async () => {
    await open();
    await choose(await write('marked.json', bodyText(20_000, { 15_000: '[1420081800.0, "n/a", 503.25]' })));
    const plain = await drawn('inputs');
    await page.locator('#zoom').focus();
    await page.keyboard.press('Enter');
    await eventually(async () => /row 15000$/.test(await place()));
    const zoomed = await drawn('inputs');
    expect(zoomed).not.toBe(plain);
    const red = await ask<number>(
      '#inputs canvas',
      `(canvas) => {
      const { data } = canvas.getContext('2d').getImageData(canvas.width / 2 - 60, 100, 120, 1);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] === 179 && data[i + 1] === 38) count++;
      return count;
    }`,
    );
    expect(red).toBeGreaterThan(0);
    await screenshot('marked');
  });

  it('lists all faults, the service’s own first, one by one and as CSV', async () => {
    await open();
    const odd = {
      10: '[1420066810, "a", true]',
      20: '[null, 1, 2]',
      30: '[1420066830, 1]',
      ...Object.fromEntries(Array.from({ length: 113 }, (_, i) => [100 + i, `[${1420066900 + i}, 1, "x"]`])),
    };
    await choose(await write('faulty.json', bodyText(1000, odd)));
    expect(await text('#fault')).toContain('The service will refuse this: scalar.data[10][1] (e1_ts)');
    expect(await text('#fault-count')).toBe('117 faults');
    expect(await tableOf('#fault-groups')).toEqual([
      ['e1_ts', 'text', '1', 'row 10'],
      ['e2_ts', 'true', '1', 'row 10'],
      ['date', 'missing', '1', 'row 20'],
      ['any', 'whole row', '1', 'row 30'],
      ['e2_ts', 'text', '113', 'row 100'],
    ]);
    await send();
    expect(await text('#fault-log')).toBe(await text('#log'));
    expect(await text('#fault-at')).toBe('1 of 117');
    for (const [key, log] of [
      ['#next', 'scalar.data[10][2] (e2_ts): expected a number or a missing sample, got true'],
      ['#next', 'scalar.data[20][0] (date): expected a number, got null'],
      ['#previous', 'scalar.data[10][2] (e2_ts): expected a number or a missing sample, got true'],
    ] as const) {
      await page.locator(key).press('Enter');
      await page.locator('#fault-log', { hasText: log }).waitFor();
    }
    await page.locator('#fault-groups button').last().click();
    await page.locator('#fault-at', { hasText: '5 of 117' }).waitFor();
    expect(await page.locator('#place mark').allInnerTexts()).toEqual(['"x"']);
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#faults-csv').click()]);
    const lines = (await readFile(await saved.path(), 'utf8')).trimEnd().split('\r\n');
    expect([lines.length, lines[0], lines[3]]).toEqual([
      118,
      'error,row,column,log',
      '26,20,"date","scalar.data[20][0] (date): expected a number, got null"',
    ]);
    await screenshot('faults');
    expect(await axe()).toEqual([]);
  });

  it('counts all faults, and lists the first 10,000', async () => {
    await open();
    const rows = Array.from({ length: 150_000 }, (_, row) => `[${row}, "a", "b"]`).join();
    const body = `{"scalar":{"data":[${rows}],"headers":["date","e1_ts","e2_ts"]},"param":{"scale":1}}`;
    await choose(await write('all.json', body));
    expect(await text('#fault-count')).toBe('300,000 bad cells, the first 10,000 listed');
    await page.locator('#previous').click();
    await page.locator('#fault-at', { hasText: '10,000 of 10,000' }).waitFor();
    await page.locator('#place .at-fault', { hasText: '4999' }).waitFor();
  });

  it.each([
    [{ headers: ['date', 'el_ts', 'e2_ts'] }, '#fault', 'did you mean e1_ts?'],
    [{ headers: ['date', 'e1_ts', 'e2_ts'], data: [[1420066800123, 1, 2]] }, '#note', 'milliseconds'],
    [{ headers: ['date', 'e1_ts', 'e2_ts'], data: [[1420066800123456, 1, 2]] }, '#note', 'microseconds'],
    [{ headers: ['date', 'e1_ts', 'e2_ts'], data: [[42005.75, 1, 2]] }, '#note', 'Excel days'],
  ])('hints at what is wrong before sending: %j', async (scalar, place, hint) => {
    await open();
    const body = { param: { scale: 1 }, scalar: { data: [[1, 2, 3]], ...scalar } };
    await choose(await write('hint.json', JSON.stringify(body)));
    expect(await text(place)).toContain(hint);
  });

  it.each([
    '{"scalar":{"headers":["date","sum_ts"],"data":[[1.0,2.0]]},"error":0,"log":"1 row"}',
    '{"scalar":{"headers":["date","sum_ts"],"data":[[1.0,2.0]]}}',
    '{"sum_ts":[2.0,3.0],"date":[1.0,2.0]}',
    '[{"date":1.0,"sum_ts":NaN}]',
  ])('recognizes a response that is opened as a request: %s', async (response) => {
    await open();
    await choose(await write('response.json', response));
    expect(await text('#note')).toContain('This is a response, not a request');
  });

  it('lists faults of params last, and in the service’s words once it has responded', async () => {
    await open();
    const scalar = { headers: ['date', 'e1_ts', 'e2_ts'], data: [[1, 2, 'x']] };
    await choose(await write('param.json', JSON.stringify({ param: { scale: 'much' }, scalar })));
    const ofCell = ['e2_ts', 'text', '1', 'row 0'];
    const ofParam = ['param.scale', 'param', '1', 'show'];
    expect(await tableOf('#fault-groups')).toEqual([ofCell, ofParam]);
    await page.locator('#param-scale').fill('2');
    await page.locator('#fault-count', { hasText: '1 bad cell' }).waitFor();
    await page.locator('#param-scale').fill('');
    await page.locator('#fault-count', { hasText: '2 faults' }).waitFor();
    expect(await text('#param-scale-hint')).toContain('expected a number, got null');
    await page.locator('#param-scale').fill('2');
    await send();
    expect(await tableOf('#fault-groups')).toEqual([ofCell]);
    expect(await page.locator('#fault').isHidden()).toBe(true);
    await choose(await write('param.json', JSON.stringify({ param: {}, scalar: { ...scalar, data: [[1, 2, 3]] } })));
    expect(await text('#fault')).toContain('param.scale: expected a number, got nothing');
    await send();
    expect(await text('#code')).toBe('21 · INVALID_PARAM');
    expect(await tableOf('#fault-groups')).toEqual([ofParam]);
    expect(await text('#fault-log')).toBe('param.scale: expected a finite number, got nothing');
  });

  it('lists the overflow that the service found, and says that there may be more', async () => {
    await open();
    const rows = Array.from({ length: 100 }, (_, s) => [START + s, s === 40 || s === 60 ? 1e308 : s, 1]);
    await choose(await write('overflow.json', bodyOf(rows, 10)));
    expect(await page.locator('#refused').isHidden()).toBe(true);
    await send();
    expect(await text('#code')).toBe('30 · OVERFLOW');
    expect(await tableOf('#fault-groups')).toEqual([['any', 'found by the service', '1', 'row 40']]);
    expect(await text('#fault-open')).toContain('whether there are more shows when it is mended');
    expect((await tableOf('#place'))[2]?.[0]).toBe('40');
    await screenshot('overflow');
    await choose(SAMPLE);
    await send();
    expect(await page.locator('#refused').isHidden()).toBe(true);
  });

  it('names some of two hundred columns, and counts the others', async () => {
    await open();
    const names = ['e1_ts', 'e2_ts', ...Array.from({ length: 198 }, (_, c) => `tag_${c}`)];
    const data = Array.from({ length: 50 }, (_, s) => [START + s, ...names.map((_, c) => c + s)]);
    const body = { param: { scale: 1 }, scalar: { headers: ['date', ...names], data } };
    await choose(await write('200.json', JSON.stringify(body)));
    expect(await text('#name')).toMatch(/50 rows of date, e1_ts, e2_ts, .* tag_7, tag_8 and 189 others$/);
  });

  it.each([
    ['"2015-01-01T00:00:00Z"', 'No date is a number: plotted by row.'],
    ['1e300', 'Most dates are in no calendar: plotted by row.'],
  ])('says why rows with the date %s are plotted by row', async (date, note) => {
    await open();
    const rows = `[${date},1,2],[${date},2,3]`;
    const body = `{"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[${rows}]}}`;
    await choose(await write('dates.json', body));
    expect(await text('#note')).toBe(note);
    expect(await inkedColumns('inputs')).toBeGreaterThan(0);
  });

  it('says of rows that end before their date that no date is a number', async () => {
    await open();
    const scalar = { headers: ['e1_ts', 'e2_ts', 'date'], data: [[1, 2]] };
    await choose(await write('short-rows.json', JSON.stringify({ param: { scale: 1 }, scalar })));
    expect(await text('#note')).toContain('No date is a number: plotted by row.');
  });

  it('reports a series without numbers, and shows negative zero', async () => {
    await open();
    const rows = Array.from({ length: 20 }, (_, s) => `[${START + s}, null, -0.0]`).join();
    const body = `{"param":{"scale":1},"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[${rows}]}}`;
    await choose(await write('missing.json', body));
    await send();
    expect(await page.locator('.entry button').allInnerTexts()).toEqual([
      'e1_ts: no numbers',
      'e2_ts',
      'sum_ts: no numbers',
    ]);
    expect((await tableOf('#rows'))[0]?.slice(2)).toEqual(['missing', '-0', 'missing']);
    await page.locator('#inputs .canvas').press('ArrowRight');
    await eventually(async () => (await labels()).join() === 'missing,-0,missing');
  });

  it.each([
    ['UTF-16', 'utf16le', '\ufeffdate\te1_ts\te2_ts °C\r\n1420066800\t1.5\t2\r\n'],
    ['a code page', 'latin1', 'date;e1_ts;e2_ts °C\r\n01.01.2015 00:00:00;-1234567,5;1.234\r\n'],
  ])('reads a table in %s as Excel writes it', async (_, encoding, table) => {
    await open();
    await choose(await write('excel.csv', Buffer.from(table, encoding as BufferEncoding)));
    await page.locator('#table select').last().selectOption('e2_ts °C');
    await page.locator('#make').click();
    await page.locator('#name', { hasText: 'excel.json' }).waitFor();
    await idle();
    const { day, e1, e2 } =
      encoding === 'latin1'
        ? { day: '2015-01-01 00:00:00 UTC', e1: '-1234567.5', e2: '1.234' }
        : { day: '2014-12-31 23:00:00 UTC', e1: '1.5', e2: '2' };
    expect((await tableOf('#rows'))[0]).toEqual(['0', day, e1, e2]);
  });

  it('makes a body of a table after its columns are chosen', async () => {
    await open({ width: 360 });
    const lines = ['Zeit;Druck;"e1_ts";e2_ts', '2015-01-01 00:00:00;7;1,5;2', '2015-01-01 00:00:01;8;;"3"'];
    await choose(await write('export.csv', `${lines.join('\r\n')}\r\n`));
    expect(
      await page.evaluate(`[...document.querySelectorAll('#table select')].map((select) => select.selectedIndex)`),
    ).toEqual([0, 2, 3]);
    expect(await axe()).toEqual([]);
    await screenshot('table');
    await page.locator('#table select').last().selectOption('Druck');
    await page.locator('#make').press('Enter');
    await page.locator('#name', { hasText: 'export.json' }).waitFor();
    await idle();
    expect(await ask('#file', '(file) => document.activeElement === file')).toBe(true);
    const [, made] = await saved('#made');
    expect(JSON.parse(made)).toMatchObject({
      scalar: {
        data: [
          [START + 3600, 1.5, 7],
          [START + 3601, null, 8],
        ],
      },
    });
    await send();
    expect(await text('#log')).toContain('2 rows, missing: 1 in e1_ts');
    expect((await tableOf('#rows'))[0]).toEqual(['0', '2015-01-01 00:00:00 UTC', '1.5', '7', '212.5']);
    expect(await bash(await command())).toBe(await download());
  });

  it('asks for a file again if it has changed since it was chosen', async () => {
    await open();
    const path = await write('edited.json', bodyText(1000));
    await choose(path);
    await writeFile(path, bodyText(2000));
    await page.locator('#send').click();
    await page.locator('#status', { hasText: 'the file has changed since it was chosen' }).waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('ERR_UPLOAD_FILE_CHANGED')]);
    await choose(path);
    await send();
    expect(await text('#log')).toContain('2000 rows');
    await choose(await write('edited.json', bodyText(9, { 3: '[1, "a", 2]', 5: '[1, "b", 2]' })));
    await writeFile(path, bodyText(2000));
    await page.locator('#next').click();
    await page.locator('#status', { hasText: 'the file has changed since it was chosen' }).waitFor();
    expect(await page.locator('#place').isHidden()).toBe(true);
  });

  it('counts down the Retry-After of an overloaded service', async () => {
    await open();
    await page.route('**/method', (route) =>
      route.fulfill({
        status: 503,
        headers: { 'Retry-After': '2' },
        contentType: 'application/json',
        body: '{"error":51,"log":"too much is in flight"}',
      }),
    );
    await choose(SAMPLE);
    await send();
    expect(await text('#code')).toBe('51 · OVERLOADED');
    expect(await text('#retry')).toMatch(/^Send again in [12] seconds?\.$/);
    await page.locator('#retry', { hasText: 'Send again now.' }).waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('status of 503')]);
  });

  it('says that a body above the whole budget never fits', async () => {
    const small = await startService({
      PLAYGROUND: 'on',
      MAX_IN_FLIGHT_BYTES: '100000',
      MAX_BODY_BYTES: '90000000',
    });
    try {
      await open({ url: small.url });
      await choose(await write('budget.json', bodyText(5000)));
      await send();
      expect(await text('#code')).toBe('15 · PAYLOAD_TOO_LARGE');
      expect(await text('#meaning')).toContain('It will never fit');
      expect(complaints.splice(0)).toEqual([expect.stringContaining('status of 413')]);
    } finally {
      await small.close();
    }
  });

  it('says that the service is down, and still opens files', async () => {
    const doomed = await startService({ PLAYGROUND: 'on' });
    await open({ url: doomed.url });
    await page.locator('#sample').click();
    await idle();
    await doomed.close();
    await page.locator('#send').click();
    await page.locator('#status', { hasText: 'the service is down' }).waitFor();
    await choose(await write('local.json', bodyText(500)));
    expect(await text('#name')).toContain('500 rows');
    expect(await page.locator('#inputs canvas').isVisible()).toBe(true);
    await page.locator('#send').click();
    await page.locator('#status', { hasText: 'the service is down' }).waitFor();
    expect(complaints.splice(0)).toEqual(Array(4).fill(expect.stringContaining('ERR_CONNECTION_REFUSED')));
  });

  it('asks for a key if the service needs one', async () => {
    const guarded = await startService({ PLAYGROUND: 'on', API_KEYS: 'alice:k3y' });
    try {
      await open({ url: guarded.url });
      await page.locator('#sample').click();
      await idle();
      expect(await page.locator('#key').isHidden()).toBe(true);
      await send();
      expect([await text('#code'), await text('#http')]).toEqual(['11 · UNAUTHORIZED', 'HTTP 401']);
      expect(complaints.splice(0)).toEqual([expect.stringContaining('status of 401')]);
      await page.locator('#key:focus').fill('k3y');
      await send();
      expect(await text('#code')).toBe('0 · success');
      expect(await command()).not.toContain('k3y');
      expect(await bash(await command(), { KASEM_KEY: 'k3y' })).toBe(await download());
      expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
    } finally {
      await guarded.close();
    }
  });

  it('can be cancelled', async () => {
    await open();
    await page.route('**/method', () => undefined);
    await choose(SAMPLE);
    await page.locator('#send').click();
    await page.locator('#cancel').click();
    await page.getByText('Cancelled.').waitFor();
    await idle();
    expect(await page.locator('#response').isHidden()).toBe(true);
  });

  describe('with several methods', () => {
    let several: Service;
    beforeAll(async () => {
      several = await startService({ PLAYGROUND: 'on' }, [
        DifferenceModule,
        HourlyMeanModule,
        BandEnergyModule,
        SmoothingModule,
      ]);
    });
    afterAll(() => several.close());

    const use = async (path: string, opening: Opening = {}) => {
      await open({ url: several.url, ...opening });
      await page.locator('#method').selectOption(path);
    };
    const hints = () => page.locator('#params .hint').allInnerTexts();

    it('offers each of them once, and its example as the sample', async () => {
      await use('method');
      expect((await page.locator('#method option').allInnerTexts()).sort()).toEqual([
        'band-energy: The energies of three frequency bands',
        'difference: out_ts from a_ts, b_ts',
        'hourly-mean: The mean of each hour',
        'method: sum_ts = scale x (e1_ts + e2_ts)',
        'smoothing: A moving window',
      ]);
      expect(await text('#takes')).toBe('sum_ts = scale x (e1_ts + e2_ts). Needs date, e1_ts, e2_ts.');
      for (const [path, log] of [
        ['band-energy', '4 rows, none missing; 1 row out'],
        ['hourly-mean', '4 rows, missing: 1 in x_ts; 2 rows out'],
        ['smoothing', '2 rows, none missing'],
        ['difference', '2 rows, missing: 1 in a_ts'],
      ] as const) {
        await page.locator('#method').selectOption(path);
        await page.locator('#sample').click();
        await idle();
        await send();
        expect([await text('#code'), await text('#log')]).toEqual(['0 · success', log]);
        expect(await bash(await command())).toBe(await download());
      }
    });

    it('has a field for each param by its schema, with description, bounds and default', async () => {
      await use('smoothing');
      expect(await text('#takes')).toBe('A moving window. Needs date, x_ts; takes weight_ts if there.');
      await page.locator('#sample').click();
      await idle();
      expect(
        await page.evaluate(
          "[...document.querySelectorAll('#params :is(input, select, textarea)')].map(({ id, localName, value }) => [id, localName, value])",
        ),
      ).toEqual([
        ['param-window', 'input', '2'],
        ['param-kind', 'select', ''],
        ['param-negated', 'select', ''],
        ['param-unit', 'input', ''],
        ['param-band', 'textarea', '{"low":0,"high":10}'],
        ['param-holes', 'textarea', ''],
      ]);
      expect(await page.locator('#param-kind option').allInnerTexts()).toEqual(['left out', 'mean', 'sum']);
      expect(await hints()).toEqual([
        'Rows of a window. Expects a whole number, at least 1, at most 1000.',
        'What a window becomes. Expects one of mean, sum; "mean" if left out.',
        'Expects a boolean; false if left out.',
        'Told in log. Expects a string; may be left out.',
        'What a result is kept in. Expects an object; may be left out.',
        'Expects an array; [] if left out.',
      ]);
      await screenshot('params');
    });

    it('sends what the fields hold, and checks it', async () => {
      await use('smoothing');
      const rows = Array.from({ length: 100 }, (_, s) => [START + s, s, 'ignored']);
      const scalar = { headers: ['date', 'x_ts', 'note'], data: rows };
      await choose(await write('x.json', JSON.stringify({ param: { window: 1, more: [1] }, scalar })));
      for (const [field, value, hint] of [
        [
          'window',
          '2.5',
          'param.window: expected a whole number, at least 1, at most 1000, got 2.5; it is sent as it stands.',
        ],
        [
          'window',
          '2001',
          'param.window: expected a whole number, at least 1, at most 1000, got 2001; it is sent as it stands.',
        ],
        [
          'window',
          'two',
          'param.window: expected a whole number, at least 1, at most 1000, got two, which is not JSON; it is sent as it stands.',
        ],
        [
          'holes',
          '[{"low":1,"high":"2"}]',
          'param.holes[0].high: expected a number, got the string "2"; it is sent as it stands.',
        ],
        ['holes', '[{"low":1}]', 'param.holes[0].high is missing; it is sent as it stands.'],
        ['holes', '[1', 'param.holes: expected an array, got [1, which is not JSON; it is sent as it stands.'],
      ] as const) {
        await page.locator(`#param-${field}`).fill(value);
        expect(await text(`#param-${field}-hint`)).toBe(hint);
        expect(await page.locator(`#param-${field}`).getAttribute('aria-invalid')).toBe('true');
      }
      expect(await axe()).toEqual([]);
      await page.locator('#param-holes').fill('[{"low":2,"high":2001}]');
      await page.locator('#param-window').fill('2001');
      await send();
      expect(await text('#log')).toBe('param.window: expected not greater than 1000, got 2001');
      await page.locator('#param-window').fill('2');
      await page.locator('#param-kind').selectOption('sum');
      await page.locator('#param-negated').selectOption('false');
      await page.locator('#param-unit').fill('"bar"');
      await page.locator('#param-band').fill('{"low": -1, "high": 1e3}');
      await send();
      expect(await text('#log')).toContain('in "bar"');
      expect((await tableOf('#rows')).slice(0, 3).map((row) => row.at(-1))).toEqual(['0', '1', 'missing']);
      expect(await bash(await command())).toBe(await download());
      await screenshot('methods');
    });

    it('says that a required param is left out, and shows the beginning of a long one in titles', async () => {
      await use('smoothing');
      const holes = Array.from({ length: 200 }, () => ({ low: 5, high: 5 }));
      const scalar = { headers: ['date', 'x_ts'], data: [[START, 1]] };
      await choose(await write('holes.json', JSON.stringify({ param: { holes }, scalar })));
      expect((await hints())[0]).toBe(
        'param.window: expected a whole number, at least 1, at most 1000, got nothing; it is sent as it stands.',
      );
      await page.locator('#param-window').fill('1');
      await send();
      expect(await text('#output .title')).toBe(
        `Output for holes.json with window 1, holes ${JSON.stringify(holes).slice(0, 60)}…`,
      );
    });

    it('plots a response with its own rows on the same axis, and shows both tables', async () => {
      await use('hourly-mean');
      const rows = Array.from({ length: 7200 }, (_, s) => [START + 600 + s, Math.sin(s / 900)]);
      const scalar = { headers: ['date', 'x_ts'], data: rows };
      await choose(await write('hours.json', JSON.stringify({ param: {}, scalar })));
      await send();
      expect(await tableOf('#body-rows')).toHaveLength(10);
      expect((await tableOf('#own-rows')).map(([row, date]) => [row, date])).toEqual([
        ['0', '2014-12-31 23:00:00 UTC'],
        ['1', '2015-01-01 00:00:00 UTC'],
        ['2', '2015-01-01 01:00:00 UTC'],
      ]);
      // The first hour starts before the first row.
      await page.locator('#output .canvas').press('Home');
      await eventually(async () => (await place('output')).includes('2014-12-31 23:00:00 UTC · row 0'));
      expect(await place()).toBe('2014-12-31 23:10:00 UTC · row 0');
      await screenshot('own-rows');
      expect(await axe()).toEqual([]);
      const other = JSON.parse(await download()) as Response;
      other.scalar.data[2] = [START + 7200, 4];
      await compareWith('hours-other.json', JSON.stringify({ ...other, error: 0 }));
      expect((await tableOf('#differences')).map((cells) => cells.slice(0, 3))).toEqual([
        ['mean_ts', '1 of 3', 'row 2'],
      ]);
      expect(await notes()).toEqual([]);
      await choose(SAMPLE);
      expect(await page.locator('#own-rows').isHidden()).toBe(true);
    });

    it('offers the methods whose series a body has', async () => {
      await use('method');
      const scalar = { headers: ['x_ts', 'date'], data: [[1, START]] };
      await choose(await write('other.json', JSON.stringify({ param: { window: 1 }, scalar })));
      expect(await text('#fault')).toContain('expected e1_ts, e2_ts');
      expect((await page.locator('#offer button').allInnerTexts()).sort()).toEqual([
        'band-energy',
        'hourly-mean',
        'smoothing',
      ]);
      await page.locator('#offer button', { hasText: 'smoothing' }).press('Enter');
      await idle();
      expect(await ask('#method', '(method) => document.activeElement === method')).toBe(true);
      expect(await page.locator('#method').inputValue()).toBe('smoothing');
      expect(await page.locator('#fault').isHidden()).toBe(true);
      await send();
      expect(await text('#code')).toBe('0 · success');
      expect((await tableOf('#rows'))[0]?.at(-1)).toBe('1');
    });

    it.each([
      [360, 'light'],
      [1280, 'dark'],
    ] as const)('fits %i pixels in %s, and passes axe', async (width, scheme) => {
      await use('smoothing', { width, scheme });
      await page.locator('#sample').click();
      await idle();
      await send();
      await page.locator('#language').selectOption('Python');
      await page.locator('#response summary').click();
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      expect(await axe()).toEqual([]);
      await screenshot(`methods-${width}`);
    });
  });

  it('names no method if there is only one', async () => {
    await open();
    await page.locator('#takes', { hasText: 'sum_ts = scale x (e1_ts + e2_ts). Needs date, e1_ts, e2_ts.' }).waitFor();
    expect(await page.locator('#method').isHidden()).toBe(true);
    expect(await text('#summary')).toBe('sum_ts = scale x (e1_ts + e2_ts)');
  });

  it('offers no sample for a method without an example', async () => {
    await open();
    await page.locator('#sample').waitFor();
    await page.route('**/openapi.json', async (route) => {
      const described = await (await route.fetch()).text();
      await route.fulfill({ body: described.replaceAll('"examples"', '"x-examples"') });
    });
    await page.reload();
    await page.locator('#takes', { hasText: 'Needs date, e1_ts' }).waitFor();
    expect(await page.locator('#sample').isHidden()).toBe(true);
    await choose(SAMPLE);
    await send();
    expect(await text('#code')).toBe('0 · success');
  });

  it.each([
    ['Python', 'py', (file: string) => `python3 ${file}`],
    ['TypeScript', 'mts', compiled],
  ])('shows the call in %s, with the body in a separate file', async (language, ending, run) => {
    await open();
    await choose(await write('a "quoted" body.json', bodyText(50)));
    await page.locator('#param-scale').fill('7');
    await send();
    await page.locator('#language').selectOption(language);
    await page.locator('#copy', { hasText: `Copy as ${language}` }).waitFor();
    await eventually(async () => !(await command()).startsWith('curl'));
    await saveSent();
    const printed = await bash(run(await write(`call.${ending}`, await command())));
    const { scalar } = JSON.parse(await download()) as Response;
    const lines = scalar.data.map(([date, sum]) => [Number(date), sum ?? NaN]);
    expect(
      printed
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ').map((one) => (/^(null|None)$/.test(one) ? NaN : Number(one)))),
    ).toEqual(lines);
  });

  it('shows the call in C#', async () => {
    await open();
    const path = await write('plain.json', bodyText(50));
    await choose(path);
    await send();
    await page.locator('#language').selectOption('C#');
    await page.locator('#copy', { hasText: 'Copy as C#' }).waitFor();
    const shown = (await readFile(join(ROOT, 'examples/send.cs'), 'utf8'))
      .replace('"body.json"', '"plain.json"')
      .replace('http://127.0.0.1:5000', service.url);
    await eventually(async () => (await command()) === shown);
    expect(await page.locator('#own-file').isHidden()).toBe(true);
  });

  it.each(['abort', 503])('shows a response even if the program of the call is not loaded: %s', async (outcome) => {
    await open();
    await page.locator('#sample').click();
    await idle();
    await send();
    await page.locator('#language').selectOption('Python');
    await eventually(async () => (await command()).includes('requests'));
    await page.route('**/send.py', (route) =>
      typeof outcome === 'number' ? route.fulfill({ status: outcome, body: '{}' }) : route.abort(),
    );
    await page.locator('#param-scale').fill('3');
    await send();
    expect([await text('#code'), await command()]).toEqual(['0 · success', '']);
    expect(await text('#belongs')).toContain('with scale 3');
    expect(complaints.splice(0)).toEqual([expect.stringContaining('Failed to load resource')]);
  });

  it('moves pasted text that is too long for a command to a file', async () => {
    await open();
    await page.locator('#paste summary').click();
    await page.locator('#text').fill(bodyText(2000));
    await page.locator('#take').click();
    await idle();
    await page.locator('#param-scale').fill('3');
    await send();
    expect(await command()).toContain('@pasted.sent.json');
    await saveSent();
    expect(await bash(await command())).toBe(await download());
    await page.locator('#sample').click();
    await idle();
    await send();
    expect(await page.locator('#own-file').isHidden()).toBe(true);
  });

  it('copies the call even over plain http, other than from localhost', async () => {
    await open({ url: service.url.replace('127.0.0.1', 'kasem.test') });
    expect(await page.evaluate('isSecureContext')).toBe(false);
    await page.locator('#sample').click();
    await idle();
    await send();
    await page.locator('#copy').click();
    await page.getByText('The command is in the clipboard.').waitFor();
    await page.locator('#paste summary').click();
    await page.locator('#text').press('Control+v');
    expect(await page.locator('#text').inputValue()).toBe(await command());
    // Chromium itself logs which headers it ignores without TLS.
    for (const complaint of complaints.splice(0)) expect(complaint).toMatch(/untrustworthy|origin-keyed/);
  });

  it('keeps the focus when it sends', async () => {
    await open();
    const focused = () => page.evaluate('document.activeElement.id');
    await choose(SAMPLE);
    await page.locator('#send').press('Enter');
    await page.locator('#response').waitFor();
    await idle();
    expect(await focused()).toBe('send');
    await page.locator('#param-scale').press('Enter');
    await page.locator('#response').waitFor();
    await idle();
    expect(await focused()).toBe('param-scale');
    await page.route('**/method', () => undefined);
    await page.locator('#send').click();
    await page.locator('#cancel').press('Enter');
    await page.getByText('Cancelled.').waitFor();
    expect(await focused()).toBe('send');
  });

  it('still reads files after one was cancelled while the service is down', async () => {
    const doomed = await startService({ PLAYGROUND: 'on' });
    const [large, small] = [await write('long.json', bodyText(300_000)), await write('short.json', bodyText(50))];
    await open({ url: doomed.url });
    await page.locator('#takes', { hasText: 'Needs' }).waitFor();
    await choose(small);
    await doomed.close();
    for (let i = 0; i < 3; i++) {
      await page.locator('#file').setInputFiles(large);
      await page.locator('#status', { hasText: 'Reading' }).waitFor();
      await choose(small);
      expect(await text('#status')).toBe('Read 50 rows.');
    }
    await page.locator('#file').setInputFiles(large);
    await page.locator('#cancel').click();
    await page.getByText('Cancelled.').waitFor();
    await choose(large);
    expect(await text('#name')).toContain('300,000 rows');
  });
});
