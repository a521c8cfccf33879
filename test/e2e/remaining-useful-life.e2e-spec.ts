import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RemainingUsefulLifeModule } from '../fixtures/methods/remaining-useful-life/remaining-useful-life.module.js';
import { postFrame } from '../support/frame.js';
import { startService, type Service } from '../support/service.js';

const DAY = 86_400;
const START = 1_420_066_800;
const date = [0, 1, 2].map((day) => START + day * DAY);

describe('the remaining useful life', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({}, [RemainingUsefulLifeModule]);
  });
  afterAll(() => service.close());

  const send = (front_ts: (number | null)[], rear_ts: (number | null)[], param: object) =>
    postFrame(service, '/remaining-useful-life', { date, front_ts, rear_ts }, param);

  it('is dated after the last row, and explained in the log', async () => {
    expect(await send([2, 2, 2], [1, null, 5], { threshold: 8, horizon: 3 })).toEqual({
      columns: {
        date: [3, 4, 5].map((day) => START + day * DAY),
        trend_ts: [7, 9, 11],
        life_ts: [DAY / 2, 0, 0],
      },
      error: 0,
      log: '3 rows, missing: 1 in rear_ts; 3 rows out; rear_ts reaches 8 1.5 days after the last row',
    });
  });

  it('is missing if no trend rises to the threshold', async () => {
    const { columns, log } = await send([2, 2, 2], [3, 2, 1], { threshold: 8, horizon: 1 });
    expect(columns).toMatchObject({ trend_ts: [2], life_ts: [null] });
    expect(log).toBe('3 rows, none missing; 1 row out; no trend reaches 8');
  });

  it('has 24 rows by default', async () => {
    expect((await send([1, 2, 3], [1, 2, 3], { threshold: 8 })).columns?.date).toHaveLength(24);
  });

  it('refuses a series without a trend with its own error', async () => {
    expect(await send([1, 2, 3], [null, 2, null], { threshold: 8 })).toEqual({
      error: 1002,
      log: 'rear_ts: expected samples at two dates or more',
    });
    expect(
      (await postFrame(service, '/remaining-useful-life', { date: [], front_ts: [], rear_ts: [] }, { threshold: 8 }))
        .error,
    ).toBe(1002);
  });
});
