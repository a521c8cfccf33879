import { spawnSync } from 'node:child_process';
import { Controller, Logger, Module } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  declareMethod,
  KasemMethod,
  type MethodCall,
  type MethodResult,
} from '../../src/common/method/kasem-method.js';
import { MethodThreads } from '../../src/common/method/method-threads.js';
import { MethodModule } from '../../src/common/method/method.module.js';
import { BandEnergyModule } from '../fixtures/methods/band-energy/band-energy.module.js';
import type faulty from '../fixtures/threads/faulty.js';
import { TOO_SHORT } from '../fixtures/threads/faulty.js';
import { postFrame } from '../support/frame.js';
import { call, eventually, metric, rawRequest } from '../support/http.js';
import { ROOT, startService, type Service } from '../support/service.js';

const START = 1_420_066_800;

class FaultyParams {
  @IsOptional()
  @IsString()
  readonly fault: string = 'none';
}

const FAULTY = declareMethod({
  paths: ['faulty'],
  params: FaultyParams,
  inputs: ['x_ts'],
  outputs: ['out_ts'],
  errors: [TOO_SHORT],
});

/** The lengths of the caller's x_ts and date after a run. */
const left: number[][] = [];

@Controller()
class FaultyController {
  constructor(private readonly threads: MethodThreads) {}

  @KasemMethod(FAULTY)
  async faulty({ params, frame, signal }: MethodCall<typeof FAULTY>): Promise<MethodResult<typeof FAULTY>> {
    const [x, date] = [frame.column('x_ts'), frame.column('date')];
    const input = { x, date, fault: params.fault };
    const file = new URL('../fixtures/threads/faulty.js', import.meta.url);
    const { out } = await this.threads.run<typeof faulty>(file, input, { signal });
    left.push([x.length, date.length]);
    return { out_ts: out };
  }
}

@Module({ imports: [MethodModule], controllers: [FaultyController] })
class FaultyModule {}

const bodyOf = (param: object, data: unknown) => JSON.stringify({ param, scalar: { headers: ['date', 'x_ts'], data } });

describe('a heavy method', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [BandEnergyModule]);
  });
  afterAll(() => service.close());

  it('has the energies of each window, over a million rows, while the service answers probes', async () => {
    const [rows, window] = [1_000_000, 65_536];
    // Each frequency has a whole number of periods per window, so that all its energy is in one band.
    const wave = (row: number, periods: number) => Math.sin((2 * Math.PI * periods * (row % window)) / window);
    const date = Array.from({ length: rows }, (_, row) => START + row);
    const x_ts = date.map((_, row) => 3 * wave(row, 64) + 2 * wave(row, 8192) + wave(row, 20_000));
    const param = { window, edges: [0.1, 0.25] };
    let [running, probes] = [2, 0];
    const heavy = Promise.all(
      [0, 1].map(async () => {
        const response = await postFrame(service, '/band-energy', { date, x_ts }, param);
        running--;
        return response;
      }),
    );
    while (running > 0) {
      const { status } = await call(service.url, { method: 'GET', path: '/health/live' });
      expect(status).toBe(200);
      if (running > 0) probes++;
    }
    expect(probes).toBeGreaterThan(10);
    for (const { columns, log } of await heavy) {
      expect(log).toBe('1000000 rows, none missing; 15 rows out');
      expect(columns?.date).toEqual(Array.from({ length: 15 }, (_, i) => START + i * window));
      ['low_ts', 'mid_ts', 'high_ts'].forEach((name, i) => {
        for (const energy of columns?.[name] ?? []) expect(energy).toBeCloseTo(((3 - i) ** 2 * window) / 2, 3);
      });
    }
  });
});

describe('a thread', () => {
  const faults: { err: Error }[] = [];
  let service: Service;
  beforeAll(async () => {
    service = await startService({ METHOD_TIMEOUT_MS: '4000' }, [FaultyModule]);
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (fault: { err: Error }) => void faults.push(fault),
    });
  });
  afterAll(() => service.close());
  beforeEach(() => void (faults.length = 0));

  const send = (fault: string, value = 7) =>
    call(service.url, { path: '/faulty', body: bodyOf({ fault }, [[START, value]]) });
  const works = async () =>
    expect((await send('none')).json).toMatchObject({ scalar: { data: [[START, 7]] }, error: 0 });
  const threads = (name: string) => metric(service.url, `kasem_thread_${name}`);

  it('receives the series themselves, and a copy of the dates', async () => {
    await works();
    expect(left.at(-1)).toEqual([0, 1]);
  });

  it('that throws fails only that call with a 500, and logs the cause', async () => {
    const [failed, other] = await Promise.all([send('throw'), send('none')]);
    expect([failed.status, failed.json.error, other.json.error]).toEqual([500, 50, 0]);
    expect(failed.text).not.toContain('secret');
    expect(faults.map(({ err }) => err.message)).toEqual([expect.stringContaining('secret')]);
  });

  it('refuses with an error of its own', async () => {
    const { json } = await send('refuse');
    expect(json).toEqual({ error: 1800, log: 'scalar.data: expected 2 rows, got 1' });
  });

  it('that dies fails only that call with a 500', async () => {
    const [failed, other] = await Promise.all([send('exit'), send('none')]);
    expect([failed.status, failed.json.error, other.json.error]).toEqual([500, 50, 0]);
    await works();
  });

  it('that hangs is ended by the deadline, and the next call works', async () => {
    const kills = await threads('kills_total');
    const { status, json } = await send('hang');
    expect([status, json.error]).toEqual([503, 53]);
    await works();
    expect([await threads('kills_total'), await threads('queue_length')]).toEqual([kills + 1, 0]);
  });

  it('is ended when its client disconnects', async () => {
    const kills = await threads('kills_total');
    const body = bodyOf({ fault: 'hang' }, [[START, 1]]);
    const client = rawRequest(service.port, [`Content-Length: ${body.length}`], '/faulty');
    client.send(body);
    await eventually(async () => (await threads('running')) === 1);
    client.close();
    await eventually(async () => (await threads('kills_total')) === kills + 1);
    await works();
  });

  it('counts its runs and their time', async () => {
    const [runs, seconds] = [await threads('runs_total'), await threads('run_seconds_total')];
    await works();
    expect(await threads('runs_total')).toBe(runs + 1);
    expect(await threads('run_seconds_total')).toBeGreaterThan(seconds);
  });

  it('runs JavaScript in the built service', () => {
    const script = `
      import { MethodThreads } from './dist/common/method/method-threads.js';
      const threads = new MethodThreads({ METHOD_THREADS: 1 });
      const file = new URL('data:text/javascript,export default ({ x }) => ({ out: x.map((value) => 2 * value) })');
      const { out } = await threads.run(file, { x: Float64Array.of(1, 2) }, { signal: AbortSignal.timeout(60_000) });
      process.stdout.write(out.join());
      await threads.onApplicationShutdown();`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['2,4', '']);
  });

  it('does not keep the service from exiting', async () => {
    const other = await startService({}, [FaultyModule]);
    const hanging = call(other.url, { path: '/faulty', body: bodyOf({ fault: 'hang' }, []) });
    await eventually(async () => (await metric(other.url, 'kasem_thread_running')) === 1);
    const ended = expect(hanging).rejects.toThrow();
    await other.close();
    await ended;
  });
});
