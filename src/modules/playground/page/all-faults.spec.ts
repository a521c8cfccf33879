import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../../common/errors/error-codes.js';
import { seriesOf } from '../../../common/frame/series-reader.js';
import { allFaults, FOUND_BY_SERVICE, withRefusal } from './all-faults.js';

const BODY = '{"param":{"scale":"x"},"scalar":{"headers":["date","e1_ts"],"data":[[1,"a"],[2,3]]}}';
const PARAMS = [{ name: 'scale', schema: { type: 'number' }, isRequired: true }];
const reading = seriesOf(new TextEncoder().encode(BODY), { params: ['scale'], series: ['e1_ts'], optional: [] });
const faults = (changed = {}) => allFaults(reading, PARAMS, changed);
const logs = ({ listed }: ReturnType<typeof allFaults>) => listed.map(({ log }) => log);

describe('all faults of a body', () => {
  it('are those of its rows, then those of its params', () => {
    expect(logs(faults())).toEqual([
      'scalar.data[0][1] (e1_ts): expected a number or a missing sample, got the string "a"',
      'param.scale: expected a number, got the string "x"',
    ]);
    expect(logs(faults({ scale: '2' }))).toHaveLength(1);
  });

  it('have the words of the service for the fault that it names', () => {
    const told = withRefusal(faults(), ERROR_CODES.INVALID_PARAM.code, 'param.scale: another rule');
    expect([told.total, logs(told)[1]]).toEqual([2, 'param.scale: another rule']);
  });

  it('count a changed param that is not JSON once', () => {
    const { code } = ERROR_CODES.MALFORMED_JSON;
    const told = withRefusal(faults({ scale: '[1' }), code, 'the body is not valid JSON: unexpected "}" at byte 21');
    expect([told.total, logs(told)[1]]).toEqual([2, 'the body is not valid JSON: unexpected "}" at byte 21']);
  });

  it('count a malformed body once, whatever the service makes of its bytes', () => {
    const gzip = seriesOf(Uint8Array.of(0x1f, 0x8b, 8, 0), { params: [], series: [], optional: [] });
    const log = 'the body is not valid JSON: unexpected byte 0x1f at byte 0';
    const told = withRefusal(allFaults(gzip, []), ERROR_CODES.MALFORMED_JSON.code, log);
    expect([told.total, logs(told)]).toEqual([1, [log]]);
  });

  it('begin with one that only the service finds', () => {
    const told = withRefusal(faults(), 1001, 'too few rows');
    expect([told.total, told.listed[0]]).toEqual([
      3,
      { error: 1001, log: 'too few rows', column: '', kind: FOUND_BY_SERVICE },
    ]);
  });
});
