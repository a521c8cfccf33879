import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Browser, type Page } from 'playwright-core';
import { launch } from '../support/browser.js';
import { bodyOf, eventually, sampleRows } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ARTIFACTS = join(ROOT, 'artifacts');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SAMPLE = join(ROOT, 'test/fixtures/sample.request.json');

// A browser without a GPU takes its time where others work as well.
jest.setTimeout(300_000);

interface Opening {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly url?: string;
}

interface Response {
  scalar: { headers: string[]; data: (number | null)[][] };
}

const START = 1_420_066_800;

/** A body with a wave and noise, with gaps in it, and with whatever stands in the place of a row. */
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

  /** What the page complained of, beside what is expected, and whom else it asked, fails each test. */
  afterEach(async () => {
    await page.close();
    const found = [...complaints.splice(0), ...hosts];
    hosts.clear();
    expect(found).toEqual([new URL(service.url).host]);
  });

  const open = async ({ scheme, width = 1280, url = service.url }: Opening = {}) => {
    page = await browser.newPage({ colorScheme: scheme ?? 'light', viewport: { width, height: 900 } });
    // A violation of the Content-Security-Policy is an error of the console as well.
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('request', (request) => {
      if (request.url().startsWith('http'))
        hosts.add(new URL(request.url()).host.replace(new URL(url).host, new URL(service.url).host));
    });
    // How long a step may take is for the test's own limit to say.
    page.setDefaultTimeout(0);
    await page.goto(url);
  };

  const write = async (name: string, text: string | Uint8Array) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };

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
  /** Calls a function, given as its text, with an element of the page. */
  const ask = <T>(selector: string, call: string) =>
    page.evaluate<T>(`(${call})(document.querySelector(${JSON.stringify(selector)}))`);
  /** The pixels of a plot, which change with what is drawn. */
  const drawn = (figure: string) => ask<string>(`#${figure} canvas`, '(canvas) => canvas.toDataURL()');
  /** The part of the columns of pixels of a plot, without its axes, that have something in a color. */
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
    const recorded = JSON.parse(
      await readFile(join(ROOT, 'test/fixtures/sample.response.json'), 'utf8'),
    ) as Response;
    await open();
    await page.locator('#sample').click();
    await idle();
    expect(await page.locator('#scale').inputValue()).toBe('25');
    await send();
    expect([await text('#code'), await text('#http'), await text('#log')]).toEqual([
      '0 · success',
      'HTTP 200',
      '4 rows, none missing',
    ]);
    expect(await numbers()).toMatchObject({
      Rows: '4',
      'Missing in e1_ts': '0',
      'Missing in e2_ts': '0',
      'Missing in sum_ts': '0',
      'Service: receive': expect.stringMatching(/ m?s$/),
      'Service: decode': expect.stringMatching(/ m?s$/),
      'Service: compute': expect.stringMatching(/ m?s$/),
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
    expect(await numbers()).toMatchObject({
      Rows: '1,000',
      'Missing in e1_ts': '2',
      'Missing in e2_ts': '80',
    });
    await page.locator('#inputs .canvas').focus();
    await page.keyboard.press('Home');
    await page.locator('#inputs .u-over').hover({ position: { x: 300, y: 100 } });
    await eventually(async () => (await labels()).every((value) => value !== ''));
    const [e1, e2, sum] = await labels();
    expect(await text('#cursor')).toMatch(/^2014-12-31 23:\d\d:\d\d UTC · row \d+$/);
    if (e2 === 'missing') expect(sum).toBe('missing');
    else expect(Number(sum)).toBe(25 * (Number(e1) + Number(e2)));
    // Where samples are missing nothing is drawn in any of the rows of pixels.
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
    await eventually(
      async () => (await drawn('inputs')) !== before[0] && (await drawn('output')) !== before[1],
    );
    await page.mouse.move(box.x + 2, box.y + 50);
    const row = async () => Number(/row (\d+)/.exec(await text('#cursor'))?.[1]);
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
    const sparse = Array.from({ length: 600 }, (_, s) => [
      START + s,
      5 + Math.sin(s / 60),
      s % 10 ? null : 3,
    ]);
    await choose(await write('sparse.json', bodyOf(sparse, 2)));
    await send();
    expect(await inkedColumns('output')).toBeGreaterThan(0.3);
    await page.locator('#output .canvas').press('+');
    await page.locator('#output .canvas').press('+');
    await eventually(async () => (await inkedColumns('output')) < 0.3);
    expect(await inkedColumns('output')).toBeGreaterThan(0.05);
    await screenshot('sparse');
    const year = Array.from({ length: 1095 }, (_, i) => [
      START + Math.floor(i / 3) * 86_400 + (i % 3),
      i % 7,
      4,
    ]);
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
    await eventually(async () => (await text('#cursor')).startsWith('1969-12-31 23:59:55 UTC · row 401'));
    await screenshot('with-outliers');
    await page.locator('#outliers').click();
    await eventually(async () => (await inkedColumns('output')) === drawnAtFirst);
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
    expect(found.every((label) => label.length < 20)).toBe(true);
    expect(await inkedColumns('inputs')).toBeGreaterThan(0);
    await screenshot(`labels-${name.replaceAll(' ', '-')}`);
  });

  it('finds the columns that a method needs behind forty others', async () => {
    await open();
    const headers = Array.from({ length: 43 }, (_, c) => `tag_${c}`);
    [headers[25], headers[30], headers[42]] = ['e2_ts', 'date', 'e1_ts'];
    const data = Array.from({ length: 100 }, (_, s) => headers.map((_, c) => (c === 30 ? START + s : c + s)));
    await choose(
      await write('wide.json', JSON.stringify({ param: { scale: 2 }, scalar: { headers, data } })),
    );
    expect(await text('#note')).toContain('Of 43 columns, 16 are shown');
    expect(await page.locator('#inputs .entry [aria-pressed="true"]').allInnerTexts()).toEqual([
      'e1_ts',
      'e2_ts',
    ]);
    await page.locator('#inputs .canvas').press('ArrowRight');
    await eventually(async () => (await text('#cursor')).startsWith('2014-12-31 23:00:00 UTC'));
    expect((await labels()).slice(0, 2)).toEqual(['42', '25']);
    await send();
    expect((await tableOf('#rows'))[1]?.at(-1)).toBe('138');
  });

  it('shows nothing of an older request after one that failed or was cancelled', async () => {
    await open();
    const names = () => page.locator('#first-rows thead').innerText();
    for (const end of ['fails', 'is cancelled']) {
      await choose(SAMPLE);
      await send();
      expect(await names()).toContain('sum_ts');
      await page.locator('#scale').fill('7');
      expect(await text('#scale-hint')).toContain('what was sent last has 25');
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

  it('shows the row that a log names, with its neighbours and the cell marked', async () => {
    await open({ scheme: 'dark' });
    await choose(
      await write('refused.json', bodyText(200_000, { 180_000: '[1420246800.0, "n/a", 503.25]' })),
    );
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

  it('shows the bytes that a log names where a body is not JSON, and sends it as it is', async () => {
    await open();
    await choose(await write('broken.json', bodyText(3000, { 2000: '[1420068800.0; 5, 503.25]' })));
    expect(await text('#fault')).toMatch(/^This is not valid JSON: unexpected ";" at byte \d+\./);
    await send();
    expect([await text('#code'), await text('#http')]).toEqual(['10 · MALFORMED_JSON', 'HTTP 400']);
    expect(await page.locator('#place mark').innerText()).toBe(';');
    expect(await text('#place')).toContain('[1420068800.0; 5, 503.25]');
    await screenshot('broken');
    await choose(await write('table.csv', 'date;e1_ts\n1;2\n'));
    expect(await text('#fault')).toContain('unexpected "d" at byte 0');
    await send();
    expect(await text('#code')).toBe('10 · MALFORMED_JSON');
    // Chromium itself tells of each response that is not 2xx.
    expect(complaints.splice(0)).toEqual(Array(2).fill(expect.stringContaining('status of 400')));
  });

  it('stays alive with a million rows, and tells how far it is', async () => {
    await open();
    const path = await write('million.json', bodyOf(sampleRows(1_000_000), 2));
    await page.evaluate(`(() => {
      globalThis.gaps = []; let last = performance.now();
      const tick = () => { const now = performance.now(); gaps.push(now - last); last = now; setTimeout(tick, 10); };
      tick();
      globalThis.parts = new Set();
      new MutationObserver((records) => records.forEach(({ target }) => target.value > 0 && target.value < 1 && parts.add(target.closest('li').id)))
        .observe(document.getElementById('steps'), { subtree: true, attributes: true, attributeFilter: ['value'] });
    })()`);
    await choose(path);
    await send();
    expect(await numbers()).toMatchObject({ Rows: '1,000,000' });
    const parts = await page.evaluate<string[]>('[...parts]');
    expect(parts).toEqual(expect.arrayContaining(['reading', 'sending']));
    await page.locator('#inputs .u-over').hover();
    await page.locator('#inputs .canvas').focus();
    for (const key of ['+', '+', 'ArrowRight', '-', 'Escape']) await page.keyboard.press(key);
    expect(await text('#cursor')).toMatch(/row \d+/);
    const gaps = await page.evaluate<number[]>('gaps');
    // A page that hangs has few ticks; how long the longest was is told, and depends on the machine.
    process.stderr.write(
      `a million rows: ${gaps.length} ticks, longest ${Math.round(Math.max(...gaps))} ms\n`,
    );
    expect(gaps.length).toBeGreaterThan(20);
    await screenshot('million');
  });

  it('sends a changed scale in the file’s place, and as a command', async () => {
    await open();
    const path = await write("it's a body.json", bodyText(1000));
    await choose(path);
    await page.locator('#scale').fill('-0.5');
    await send();
    const response = await download();
    const { scalar } = JSON.parse(response) as Response;
    const sent = JSON.parse((await readFile(path, 'utf8')).replaceAll('NaN', 'null')) as Response;
    const [, e1, e2] = sent.scalar.data[0] as [number, number, number];
    expect(scalar.data[0]?.[1]).toBe(-0.5 * (e1 + e2));
    expect(await command()).toContain('head -c');
    expect(await bash(await command())).toBe(response);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#copy').click();
    await page.getByText('The command is in the clipboard.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await command());
  });

  it('puts a scale where a body has none, from pasted text', async () => {
    await open();
    await page.locator('#paste summary').click();
    await page.locator('#text').fill('{"scalar":{"headers":["date","e1_ts","e2_ts"],"data":[[1,2,3]]}}');
    await page.locator('#take').click();
    await idle();
    await page.locator('#scale').fill('2');
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
    await tabTo('#scale');
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
    await eventually(async () => (await text('#cursor')).endsWith('row 1'));
    expect(await labels()).toEqual([
      '17.684785517717145',
      '503.28803528253366',
      String(17.684785517717145 + 503.28803528253366),
    ]);
    await eventually(async () =>
      ((await page.locator('#spoken').textContent()) ?? '').includes('e1_ts 17.68'),
    );
    const whole = await drawn('output');
    await page.keyboard.press('+');
    await eventually(async () => (await drawn('output')) !== whole);
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    await eventually(async () => /row [23]$/.test(await text('#cursor')));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Home');
    await eventually(async () => (await text('#cursor')).endsWith('row 0'));
    expect(await ask('#inputs .canvas', '(found) => getComputedStyle(found).outlineStyle')).toBe('solid');
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds fault with in %s', async (scheme) => {
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

  it('follows the colour scheme of the system, plots included', async () => {
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
    expect(await ask<number>('#place mark', '(mark) => mark.getBoundingClientRect().right')).toBeLessThan(
      360,
    );
    await choose(await write('narrow.json', bodyText(2000)));
    await send();
    await page.locator('#response summary').click();
    expect(await excess()).toBe(0);
    expect(await axe()).toEqual([]);
    await screenshot('narrow');
  });

  /** Whether an element is within the view, and within what scrolls around it. */
  const isInView = (selector: string) =>
    ask<boolean>(
      selector,
      `(found) => {
      const [inner, outer] = [found.getBoundingClientRect(), found.closest('.scroll').getBoundingClientRect()];
      const isAcross = inner.left >= Math.max(0, outer.left) && inner.right <= Math.min(innerWidth, outer.right);
      return isAcross && inner.top >= 0 && inner.bottom <= innerHeight;
    }`,
    );

  it.each([360, 1280])('has the cell at fault of a wide body in view at %i pixels', async (width) => {
    await open({ width });
    const names = Array.from({ length: 300 }, (_, c) => (c === 250 ? 'e2_ts' : c === 3 ? 'e1_ts' : `x${c}`));
    const rows = Array.from({ length: 50 }, (_, row) => {
      const cells = names.map((_, c) => String(row * 1000 + c / 7));
      if (row === 40) cells[250] = '"far to the right"';
      return `[${1420066800 + row}, ${cells.join(', ')}]`;
    });
    const headers = JSON.stringify(['date', ...names]);
    await choose(
      await write(
        'wide.json',
        `{"param":{"scale":1},"scalar":{"headers":${headers},"data":[${rows.join()}]}}`,
      ),
    );
    await send();
    expect(await text('#log')).toContain('scalar.data[40][251] (e2_ts)');
    expect(await page.locator('#place mark').allInnerTexts()).toEqual(['"far to the right"']);
    expect(await isInView('#place mark')).toBe(true);
    expect(await text('#place .at-fault')).toContain('2014-12-31 23:00:40 UTC');
    await screenshot(`wide-${width}`);
  });

  it('marks the row at fault on the plot, and zooms to it', async () => {
    await open();
    await choose(await write('marked.json', bodyText(20_000, { 15_000: '[1420081800.0, "n/a", 503.25]' })));
    const plain = await drawn('inputs');
    await page.locator('#zoom').focus();
    await page.keyboard.press('Enter');
    await eventually(async () => /row 15000$/.test(await text('#cursor')));
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

  it('counts all of very many faults, and lists the first 10,000', async () => {
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
  ])('hints at what is wrong before sending: %j', async (scalar, place, hint) => {
    await open();
    const body = { param: { scale: 1 }, scalar: { data: [[1, 2, 3]], ...scalar } };
    await choose(await write('hint.json', JSON.stringify(body)));
    expect(await text(place)).toContain(hint);
  });

  it('tells a response that is taken for a request', async () => {
    await open();
    const response = '{"scalar":{"headers":["date","sum_ts"],"data":[[1.0,2.0]]},"error":0,"log":"1 row"}';
    await choose(await write('response.json', response));
    expect(await text('#note')).toContain('This is a response, not a request');
  });

  it('makes a body of a table whose columns are chosen', async () => {
    await open({ width: 360 });
    const lines = ['Zeit;Druck;"e1_ts";e2_ts', '2015-01-01 00:00:00;7;1,5;2', '2015-01-01 00:00:01;8;;"3"'];
    await choose(await write('export.csv', `${lines.join('\r\n')}\r\n`));
    expect(
      await page.evaluate(
        `[...document.querySelectorAll('#table select')].map((select) => select.selectedIndex)`,
      ),
    ).toEqual([0, 2, 3]);
    expect(await axe()).toEqual([]);
    await screenshot('table');
    await page.locator('#table select').last().selectOption('Druck');
    await page.locator('#make').press('Enter');
    await page.locator('#name', { hasText: 'export.json' }).waitFor();
    await idle();
    await send();
    expect(await text('#log')).toContain('2 rows, missing: 1 in e1_ts');
    expect((await tableOf('#rows'))[0]).toEqual(['0', '2015-01-01 00:00:00 UTC', '1.5', '7', '8.5']);
    expect(await bash(await command())).toBe(await download());
  });

  it('asks for a file again that has changed since it was chosen', async () => {
    await open();
    const path = await write('edited.json', bodyText(1000));
    await choose(path);
    await writeFile(path, bodyText(2000));
    await page.locator('#send').click();
    await page.locator('#status', { hasText: 'the file has changed since it was chosen' }).waitFor();
    await choose(path);
    await send();
    expect(await text('#log')).toContain('2000 rows');
  });

  it('counts down to when an overloaded service wants to be asked again', async () => {
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

  it('says of a body above the whole budget that it never fits', async () => {
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

  it('says that the service is down where it is, and opens files all the same', async () => {
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

  it('asks for a key where the service does', async () => {
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
      expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([
        0,
        0,
        '',
      ]);
    } finally {
      await guarded.close();
    }
  });

  it('can be told to stop', async () => {
    await open();
    await page.route('**/method', () => undefined);
    await choose(SAMPLE);
    await page.locator('#send').click();
    await page.locator('#cancel').click();
    await page.getByText('Cancelled.').waitFor();
    await idle();
    expect(await page.locator('#response').isHidden()).toBe(true);
  });
});
