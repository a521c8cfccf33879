import { describe, expect, it } from '@jest/globals';
import { MAX_ROW_BYTES } from './frame-rules.js';
import { BodyScan } from './body-scan.js';
import { cellsOf, type Faults } from './fault-finder.js';

function faultsOf(headers: string, rows: string): Faults {
  const body = `{"scalar":{"data":[${rows}],"headers":${headers}},"param":{}}`;
  const scan = new BodyScan(new TextEncoder().encode(body));
  Array.from(scan.scan());
  const finder = scan.finder(['a']);
  Array.from(scan.parseRows((row, r) => finder.judge(row, r)));
  return finder.faults;
}

const HEADERS = '["date","x","a"]';

describe('the faults of a body', () => {
  it('include each bad cell of all rows', () => {
    const { total, groups, listed } = faultsOf(HEADERS, '[1,"",2],["1",0,true],[2,3],7,[NaN,[],null],[3,4,"NaN"]');
    expect(listed.map(({ error, row, column, kind }) => [error, row, column, kind])).toEqual([
      [26, 1, 'date', 'text'],
      [25, 1, 'a', 'true'],
      [24, 2, '', 'whole row'],
      [24, 3, '', 'whole row'],
      [26, 4, 'date', 'missing'],
    ]);
    expect(listed[4]?.log).toBe('scalar.data[4][0] (date): expected a number, got NaN');
    expect([total, groups.map(({ count }) => count)]).toEqual([5, [1, 1, 2, 1]]);
  });

  it('are counted beyond those that are listed', () => {
    const { total, groups, listed } = faultsOf(HEADERS, Array(12_000).fill('[1,2,{}]').join());
    expect([total, groups[0]?.count, listed.length]).toEqual([12_000, 12_000, 10_000]);
  });

  it('include those of rows if a series is missing, but not if the headers are unusable', () => {
    const numbers = ({ listed }: Faults) => listed.map(({ error, row }) => [error, row]);
    expect(numbers(faultsOf('["date","x"]', '[1,2],7,["",2]'))).toEqual([
      [23, undefined],
      [24, 1],
      [26, 2],
    ]);
    expect(numbers(faultsOf('["x","a"]', '[1,2],7'))).toEqual([[23, undefined]]);
    expect(numbers(faultsOf('["date","date","a"]', '[1,2],7'))).toEqual([[22, undefined]]);
  });

  it('name the cell at which the text stops being JSON, and end there', () => {
    const { listed } = faultsOf(HEADERS, '["",1,2],[1,tru],["",1,2]');
    expect(listed.map(({ error, row }) => [error, row])).toEqual([[10, undefined]]);
    expect(listed[0]?.log).toContain('scalar.data[1][1]: unexpected "]"');
  });

  it('count a row that is too long once', () => {
    const { listed } = faultsOf(HEADERS, `[1,"${'x'.repeat(MAX_ROW_BYTES)}",2] , ["",0,0]`);
    expect(listed.map(({ error, row }) => [error, row])).toEqual([
      [24, 0],
      [26, 1],
    ]);
  });
});

describe('the cells of a row', () => {
  it('are as they were sent', () => {
    expect(cellsOf('[1.50, "a,]\\"", NaN ,[1,[2]],{"b":[3]}, null]')).toEqual([
      '1.50',
      '"a,]\\""',
      'NaN',
      '[1,[2]]',
      '{"b":[3]}',
      'null',
    ]);
  });

  it('end where the row is cut or malformed, an unfinished last one empty', () => {
    expect(['[1,tru', '[1;', '[1,'].map(cellsOf)).toEqual([['1', ''], ['1'], ['1']]);
  });

  it('are none if it is not an array', () => {
    expect(['{"a":1}', '7', '"[1]"'].map(cellsOf)).toEqual([[], [], []]);
  });
});
