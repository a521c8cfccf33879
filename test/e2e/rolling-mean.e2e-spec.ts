import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RollingMeanModule } from '../fixtures/methods/rolling-mean/rolling-mean.module.js';
import { postFrame } from '../support/frame.js';
import { startService, type Service } from '../support/service.js';

describe('the rolling mean', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [RollingMeanModule]);
  });
  afterAll(() => service.close());

  const columns = { date: [0, 1, 2, 3], x_ts: [1, 3, null, 7] };

  it('returns the dates of the request', async () => {
    expect(await postFrame(service, '/rolling-mean', columns, { window: 2 })).toEqual({
      columns: { date: [0, 1, 2, 3], mean_ts: [1, 2, 3, 7] },
      error: 0,
      log: '4 rows, missing: 1 in x_ts',
    });
  });

  it.each([
    [{}, 21, 'param.window: expected an integer number, got nothing'],
    [{ window: 2, minSamples: 3 }, 1001, 'param.minSamples: expected at most 2, got 3'],
  ])('refuses %j', async (param, error, log) => {
    expect(await postFrame(service, '/rolling-mean', columns, param)).toEqual({ error, log });
  });
});
