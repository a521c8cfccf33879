import { describe, expect, it } from '@jest/globals';
import { TextBlocks } from './text-blocks.js';

const digits = (length: number) => Buffer.from(Array.from({ length }, (_, i) => 0x30 + (i % 10)));

describe('text blocks', () => {
  it.each([1, 7, 127, 128, 129, 5_000, 1_000_000])('keep a text that comes in pieces of %i bytes', (size) => {
    const text = digits(1_000_000);
    const blocks = new TextBlocks();
    for (let i = 0; i < text.length; i += size) blocks.append(text, i, Math.min(i + size, text.length));
    expect(blocks.bytes).toBe(text.length);
    expect(blocks.toBuffer().equals(text)).toBe(true);
    expect(Buffer.concat([...blocks.take()]).equals(text)).toBe(true);
    expect(blocks.toBuffer()).toHaveLength(0);
  });

  it('keep copies, since the caller may reuse a chunk', () => {
    const chunk = digits(3);
    const blocks = new TextBlocks();
    blocks.append(chunk, 1, 3);
    chunk.fill(0x78);
    expect(blocks.toBuffer().toString()).toBe('12');
  });

  it('drop a text that is too long, but not its length', () => {
    const blocks = new TextBlocks(4);
    blocks.append(digits(4), 0, 4);
    expect([blocks.isTooLong, blocks.toBuffer().toString()]).toEqual([false, '0123']);
    blocks.append(digits(4), 0, 1);
    blocks.append(digits(4), 0, 4);
    expect([blocks.isTooLong, blocks.bytes, blocks.toBuffer().toString()]).toEqual([true, 9, '']);
    blocks.clear();
    blocks.append(digits(2), 0, 2);
    expect([blocks.isTooLong, blocks.toBuffer().toString()]).toEqual([false, '01']);
  });
});
