import { describe, expect, it } from '@jest/globals';
import { JsonScanner, type ScanHandler } from './json-scanner.js';

const SILENT: ScanHandler = { begin: () => false, end: () => undefined, key: () => undefined };

/** Scans one value in one piece, or byte by byte. */
function scan(text: string | Uint8Array, { nanDepth = -1, pieceBytes = Infinity } = {}) {
  const scanner = new JsonScanner(SILENT, 2, 0, nanDepth);
  const bytes = Buffer.from(text as string);
  let taken = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const to = Math.min(from + pieceBytes, bytes.length);
    taken = scanner.scan(bytes, from, to);
    if (scanner.fault !== undefined || taken < to) break;
  }
  scanner.finish(bytes.length);
  return { fault: scanner.fault?.why, isDone: scanner.isDone, taken };
}

/** The events of a text, in order. */
function told(text: string, watchDepth: number, stopAt?: number) {
  const events: string[] = [];
  const scanner = new JsonScanner(
    {
      begin: (depth, first, index) => {
        events.push(`begin ${depth} ${String.fromCharCode(first)} ${index}`);
        return index === stopAt;
      },
      end: (depth, index) => events.push(`end ${depth} ${index}`),
      key: (depth, key) => events.push(`key ${depth} ${key}`),
    },
    watchDepth,
  );
  const taken = scanner.scan(Buffer.from(text), 0, text.length);
  return { events, scanner, taken };
}

const SPACE = ' \t\n\r';
const DIGITS = '0123456789';
const VALUE = `${SPACE}${DIGITS}"-[{tfn`;
const HEX = `${DIGITS}abcdefABCDEF`;

const BYTES = Array.from({ length: 0x100 }, (_, byte) => byte);
const HEX_OF = BYTES.map((byte) => Buffer.of(byte).toString('hex'));

describe('the scanner', () => {
  it.each([
    ['', `${VALUE}\xef`],
    [' \n', VALUE],
    ['[', `${VALUE}]`],
    ['[[],', VALUE],
    ['[1,', VALUE],
    ['{', `${SPACE}"}`],
    ['{"a"', `${SPACE}:`],
    ['{"a":', VALUE],
    ['{"a":[]', `${SPACE},}`],
    ['{"a":1 ', `${SPACE},}`],
    ['{"a":1,', `${SPACE}"`],
    ['[{}', `${SPACE},]`],
    ['[1 ', `${SPACE},]`],
    ['["a"', `${SPACE},]`],
    ['"\\', '"\\/bfnrtu'],
    ['"\\u', HEX],
    ['"\\u0', HEX],
    ['"\\u00', HEX],
    ['"\\u00e', HEX],
    ['-', DIGITS],
    ['[0', `${SPACE}.eE,]`],
    ['[-0', `${SPACE}.eE,]`],
    ['[1', `${SPACE}${DIGITS}.eE,]`],
    ['[-9', `${SPACE}${DIGITS}.eE,]`],
    ['[1.', DIGITS],
    ['[1.5', `${SPACE}${DIGITS}eE,]`],
    ['[1e', `${DIGITS}+-`],
    ['[0E', `${DIGITS}+-`],
    ['[1.0e+', DIGITS],
    ['[1e-', DIGITS],
    ['[1e5', `${SPACE}${DIGITS},]`],
    ['[t', 'r'],
    ['[tr', 'u'],
    ['[fals', 'e'],
    ['[n', 'u'],
    ['[true', `${SPACE},]`],
  ])('takes after %j exactly the bytes %j', (before, allowed) => {
    const after = (byte: number) => {
      const { fault, taken } = scan(Buffer.concat([Buffer.from(before), Buffer.of(byte)]));
      return `${taken - before.length} ${fault}`;
    };
    const expected = (byte: number) => {
      const character = String.fromCharCode(byte);
      if (allowed.includes(character)) return '1 undefined';
      if (byte > 0x20 && byte < 0x7f) return `0 unexpected "${character}"`;
      // Bytes that cannot begin a UTF-8 sequence have a text of their own.
      const isUtf8 = byte < 0x80 || (byte >= 0xc2 && byte <= 0xf4);
      return `0 ${isUtf8 ? 'unexpected' : 'not UTF-8:'} byte 0x${HEX_OF[byte]}`;
    };
    expect(BYTES.map(after)).toEqual(BYTES.map(expected));
  });

  it('takes in text each byte from a space on', () => {
    const ascii = BYTES.slice(0, 0x80);
    expect(ascii.filter((byte) => scan(Buffer.of(0x22, byte)).fault === undefined)).toEqual(ascii.slice(0x20));
  });

  it('takes in text exactly the sequences that are UTF-8', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const isUtf8 = (bytes: number[]) => {
      try {
        return decoder.decode(Uint8Array.from(bytes)) !== undefined;
      } catch {
        return false;
      }
    };
    const firsts = [
      0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ];
    const seconds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    const others = [0x7f, 0x80, 0xbf, 0xc0];
    const continued = (starts: number[][], bytes: number[]) =>
      starts.flatMap((start) => [start, ...bytes.map((byte) => [...start, byte])]);
    const twos = continued(
      firsts.map((byte) => [byte]),
      seconds,
    );
    const sequences = continued(continued(twos, others), others);
    const isTaken = (sequence: number[]) => {
      const { fault, isDone } = scan(Buffer.of(0x22, ...sequence, 0x22));
      return fault === undefined && isDone;
    };
    expect(sequences.filter(isTaken)).toEqual(sequences.filter(isUtf8));
  });

  it.each(['[1,{"é":[true,null,"\\u00e9\\n€😀"]},-0.5e-3]', '"', '[1,2', '{"a"', '-', '1e', '12', ' 0 ', '[]x', 'tru'])(
    'gives the same result for %s whole and byte by byte',
    (text) => {
      expect(scan(text, { pieceBytes: 1 })).toEqual(scan(text));
    },
  );

  it.each([
    ['12', true],
    ['0', true],
    ['-0', true],
    ['1.5', true],
    ['1e5', true],
    ['[1]', true],
    ['-', false],
    ['1.', false],
    ['1e', false],
    ['1e+', false],
    ['tru', false],
    ['"a', false],
    ['[1', false],
    ['[', false],
    [' ', false],
  ])('knows at the end of %j whether the value is complete: %p', (text, isDone) => {
    expect(scan(text)).toEqual({ fault: undefined, isDone, taken: text.length });
  });

  it.each([
    ['[]]', 2],
    ['{} ', 2],
    ['"a"1', 3],
    ['1 2', 1],
    ['true,', 4],
  ])('stops in %j after the end of the value', (text, taken) => {
    expect(scan(text)).toEqual({ fault: undefined, isDone: true, taken });
  });

  it('goes 512 levels deep and no further', () => {
    const deep = (levels: number) => '[{"a":'.repeat(levels / 2) + (levels % 2 ? '[' : '');
    expect(scan(deep(512))).toMatchObject({ fault: undefined, taken: 6 * 256 });
    expect(scan(deep(513))).toMatchObject({
      fault: 'nested deeper than 512 levels',
      taken: 6 * 256,
    });
  });

  it('takes a bare NaN only at the given depth, in an array', () => {
    expect(scan('[NaN]', { nanDepth: 1 })).toEqual({ fault: undefined, isDone: true, taken: 5 });
    for (const text of ['NaN', '[[NaN]]', '[-NaN]', '[nan]', '[NaM]', '[N]'])
      expect([text, scan(text, { nanDepth: 1 }).fault]).toEqual([text, expect.stringMatching(/^unexpected "/)]);
    for (const text of ['NaN', '[NaN]']) expect(told(text, 1).scanner.fault?.why).toBe('unexpected "N"');
  });

  it('reports where values begin and end, and each key, down to the watched depth', () => {
    expect(told('{"a" : [1, {"b":2}] ,"\\u0062":"x"}', 1).events).toEqual([
      'begin 0 { 0',
      'key 1 "a"',
      'begin 1 [ 7',
      'end 1 19',
      'key 1 "\\u0062"',
      'begin 1 " 30',
      'end 1 33',
      'end 0 34',
    ]);
    expect(told('[[1],{"a":null}]', 2).events).toEqual([
      'begin 0 [ 0',
      'begin 1 [ 1',
      'begin 2 1 2',
      'end 2 3',
      'end 1 4',
      'begin 1 { 5',
      'key 2 "a"',
      'begin 2 n 10',
      'end 2 14',
      'end 1 15',
      'end 0 16',
    ]);
  });

  it('gives a key of 4096 bytes with its quotes, and leaves out a longer one', () => {
    const key = (bytes: number) => `"${'k'.repeat(bytes - 2)}"`;
    expect(told(`{${key(4096)}:1}`, 1).events[1]).toBe(`key 1 ${key(4096)}`);
    expect(told(`{${key(4097)}:1,"a":2}`, 1).events.filter((event) => event.startsWith('key'))).toEqual([
      'key 1 undefined',
      'key 1 "a"',
    ]);
  });

  it('keeps the escapes and UTF-8 of a key, and nothing of a string value', () => {
    expect(told('{"v":"w\\u00e9é"}', 1).events).toContain('key 1 "v"');
    const scanner = told('{"\\u00e9\\n', 1);
    expect(scanner.scanner.fault).toBeUndefined();
    const keys: (string | undefined)[] = [];
    const bytes = Buffer.from('{"\\u00e9\\nß€😀":"x\\ty","b":1}');
    new JsonScanner({ ...SILENT, key: (_, key) => keys.push(key) }, 1).scan(bytes, 0, bytes.length);
    expect(keys).toEqual(['"\\u00e9\\nß€😀"', '"b"']);
  });

  it('stops before a value that the handler takes over, and goes on after it', () => {
    const { scanner, taken, events } = told('{"a":[1],"b":2}', 1, 5);
    expect([taken, scanner.fault, scanner.isDone]).toEqual([5, undefined, false]);
    scanner.resumeAfterValue(8);
    expect(scanner.scan(Buffer.from('{"a":[1],"b":2}'), 8, 15)).toBe(15);
    expect([scanner.fault, scanner.isDone]).toEqual([undefined, true]);
    expect(events.slice(2)).toEqual(['begin 1 [ 5', 'end 1 8', 'key 1 "b"', 'begin 1 2 13', 'end 1 14', 'end 0 15']);
  });

  it('is fresh until the value begins, and after a reset', () => {
    const scanner = new JsonScanner(SILENT, 4, 3);
    const text = Buffer.from(' [1] 2');
    expect(scanner.isFresh).toBe(true);
    expect(scanner.scan(text, 0, 1)).toBe(1);
    expect(scanner.isFresh).toBe(true);
    scanner.scan(text, 1, 2);
    expect(scanner.isFresh).toBe(false);
    expect(scanner.scan(text, 2, 6)).toBe(4);
    expect([scanner.isDone, scanner.isFresh]).toEqual([true, false]);
    scanner.reset();
    expect([scanner.isDone, scanner.isFresh]).toEqual([false, true]);
    expect(scanner.scan(text, 4, 6)).toBe(6);
    expect(scanner.isFresh).toBe(false);
    scanner.finish(6);
    expect(scanner.isDone).toBe(true);
  });

  it('is not fresh before a value inside its own', () => {
    const scanner = new JsonScanner(SILENT, 2);
    scanner.scan(Buffer.from('[1,'), 0, 3);
    expect(scanner.isFresh).toBe(false);
  });

  it('counts the containers that are open around the value', () => {
    const depths: number[] = [];
    const scanner = new JsonScanner({ ...SILENT, begin: (depth) => depths.push(depth) < 0 }, 4, 3);
    const bytes = Buffer.from('[[1]]');
    expect(scanner.scan(bytes, 0, 5)).toBe(5);
    expect([depths, scanner.isDone]).toEqual([[3, 4], true]);
  });
});
