import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VirtualSensorModel } from '../fixtures/methods/virtual-sensor/virtual-sensor.model.js';
import { VirtualSensorModule } from '../fixtures/methods/virtual-sensor/virtual-sensor.module.js';
import { postFrame } from '../support/frame.js';
import { call } from '../support/http.js';
import { startService } from '../support/service.js';

describe('the virtual sensor', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kasem-model-'));
    file = join(folder, 'model.json');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const start = async (model: string) => {
    await writeFile(file, model);
    let loaded: VirtualSensorModel | undefined;
    const service = await startService({ VIRTUAL_SENSOR_MODEL: file }, [VirtualSensorModule], (app) => {
      loaded = app.get(VirtualSensorModel, { strict: false });
    });
    return { service, loaded };
  };

  it('loads its model before the service is ready, and releases it after the last response', async () => {
    const { service, loaded } = await start('{"intercept":1,"speed":0.5,"load":10}');
    const ready = await call(service.url, { method: 'GET', path: '/health/ready' });
    expect([ready.status, ready.json.info]).toEqual([
      200,
      { ready: { status: 'up' }, 'virtual-sensor': { status: 'up' } },
    ]);
    expect(
      await postFrame(service, '/virtual-sensor', { date: [0, 1], speed_ts: [4, 6], load_ts: [2, null] }),
    ).toMatchObject({ columns: { date: [0, 1], power_ts: [23, null] } });
    await service.close();
    expect(loaded?.coefficients).toBeUndefined();
  });

  it('is not ready without its model, and the process stays alive', async () => {
    const { service, loaded } = await start('{"intercept":1,"speed":0.5,"load":10}');
    loaded?.onApplicationShutdown();
    const ready = await call(service.url, { method: 'GET', path: '/health/ready' });
    expect([ready.status, ready.json.error]).toEqual([
      503,
      { 'virtual-sensor': { status: 'down', message: 'no model is loaded' } },
    ]);
    const all = await call(service.url, { method: 'GET', path: '/health' });
    expect([all.status, Object.keys(all.json.details as object)]).toEqual([503, ['live', 'ready', 'virtual-sensor']]);
    expect((await call(service.url, { method: 'GET', path: '/health/live' })).status).toBe(200);
    await service.close();
  });

  it.each([
    ['{"intercept":1,"speed":"2"}', 'expected a number speed, got "2"'],
    ['intercept: 1', 'is not valid JSON'],
  ])('keeps the service from listening if its model is wrong: %s', async (model, message) => {
    const failed = expect(start(model)).rejects;
    await failed.toThrow(message);
    await failed.toThrow(`VIRTUAL_SENSOR_MODEL: ${file}: `);
  });

  it('keeps the service from listening if its setting is wrong', async () => {
    const expected = 'VIRTUAL_SENSOR_MODEL: expected the path of a JSON file, got';
    await expect(startService({}, [VirtualSensorModule])).rejects.toThrow(`${expected} nothing`);
    const empty = startService({ VIRTUAL_SENSOR_MODEL: '' }, [VirtualSensorModule]);
    await expect(empty).rejects.toThrow(`${expected} another value`);
  });
});
