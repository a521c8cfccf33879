import { describe, expect, it } from '@jest/globals';
import { free, freeChunk } from './free.js';

describe('free', () => {
  it('empties a column, even if it is shorter than its buffer', () => {
    const column = new Float64Array(1_000).subarray(0, 800);
    free(column);
    expect(column.byteLength).toBe(0);
    expect(column.buffer.byteLength).toBe(0);
  });

  it('frees the memory without a garbage collection', () => {
    const columns = Array.from({ length: 50 }, () => new Float64Array(1 << 17));
    const before = process.memoryUsage().arrayBuffers;
    columns.forEach(free);
    expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(50 * 2 ** 20);
  });

  it('leaves a short one to the garbage collector', () => {
    const column = new Float64Array([1, 2, 3]);
    free(column);
    expect(column).toHaveLength(3);
  });

  it('accepts one that is already empty', () => {
    const column = new Float64Array(1_000);
    free(column);
    free(column);
    expect(column.byteLength).toBe(0);
  });
});

describe('freeChunk', () => {
  it('empties a chunk that has its buffer to itself', () => {
    const chunk = Buffer.alloc(65_536);
    freeChunk(chunk);
    expect(chunk).toHaveLength(0);
  });

  it('leaves a short one to the garbage collector', () => {
    const chunk = Buffer.alloc(100);
    freeChunk(chunk);
    expect(chunk).toHaveLength(100);
  });

  it('leaves one that shares its buffer, and the others in it', () => {
    const both = Buffer.alloc(65_536, 'a');
    const chunk = both.subarray(0, 40_000);
    freeChunk(chunk);
    expect([chunk.length, both.length, both.at(-1)]).toEqual([40_000, 65_536, 0x61]);
  });
});
