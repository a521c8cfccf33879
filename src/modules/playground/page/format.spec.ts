import { afterEach, describe, expect, it } from '@jest/globals';
import { inZone, secondsOf, zone } from './format.js';

describe('a date as text', () => {
  afterEach(() => {
    zone.isLocal = false;
  });

  it.each([
    ['2015-01-31 12:00:00', 1_422_705_600],
    ['2015-01-31T12:00:00Z', 1_422_705_600],
    ['2015-01-31 12:00:00.500 UTC', 1_422_705_600.5],
    ['2015-01-31 12:00 UTC+05:30', 1_422_685_800],
    ['2015-01-31T12:00:00-0230', 1_422_714_600],
    ['2015-01-31 9:05', 1_422_695_100],
    ['2015-01-31', 1_422_662_400],
    ['1422705600.25', 1_422_705_600.25],
    ['yesterday', NaN],
    ['12', NaN],
    ['2015-13-31', NaN],
    ['2015-02-30 12:00:00', NaN],
    ['2016-02-29', 1_456_704_000],
    ['2015-01-01T00:00:00.123456Z', 1_420_070_400.123456],
  ])('is parsed: %s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it('is a number where some time zone has no such date', () => {
    expect([inZone(8.64e12), inZone(-8.64e12)]).toEqual(['8640000000000', '-8640000000000']);
  });

  it.each([false, true])('is parsed as it is shown, in the zone of the browser: %s', (isLocal) => {
    zone.isLocal = isLocal;
    for (const seconds of [0, 1_422_705_600, 1_427_590_800.25, 1_420_070_400.123456])
      expect(secondsOf(inZone(seconds))).toBe(seconds);
  });
});
