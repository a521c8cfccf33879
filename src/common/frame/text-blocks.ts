const FIRST_BLOCK_BYTES = 128;
const LARGEST_BLOCK_BYTES = 1 << 18;

/**
 * Text that is copied from chunks into growing blocks. It takes at most about twice its length, however small the chunks are,
 * and keeps no chunk in memory.
 */
export class TextBlocks {
  /** The length of the text in bytes, even if the text was dropped. */
  bytes = 0;
  private blocks: Buffer[] = [];
  /** The number of bytes in the last block. */
  private filled = 0;

  /** @param maxBytes a longer text is dropped; only its length is kept */
  constructor(private readonly maxBytes = Infinity) {}

  get isTooLong(): boolean {
    return this.bytes > this.maxBytes;
  }

  append(chunk: Uint8Array, from: number, to: number): void {
    this.bytes += to - from;
    if (this.isTooLong) {
      this.drop();
      return;
    }
    for (let i = from; i < to;) {
      let block = this.blocks.at(-1);
      if (block === undefined || this.filled === block.length) {
        const size = Math.max(2 * (block?.length ?? 0), to - i, FIRST_BLOCK_BYTES);
        block = Buffer.allocUnsafeSlow(Math.min(size, LARGEST_BLOCK_BYTES));
        this.blocks.push(block);
        this.filled = 0;
      }
      const part = chunk.subarray(i, Math.min(to, i + block.length - this.filled));
      block.set(part, this.filled);
      this.filled += part.length;
      i += part.length;
    }
  }

  /** Drops the text and its length. The first block is reused for the next text. */
  clear(): void {
    this.bytes = 0;
    this.blocks.length = Math.min(this.blocks.length, 1);
    this.filled = 0;
  }

  /** Drops the text, but keeps its length. */
  drop(): void {
    this.blocks = [];
    this.filled = 0;
  }

  /** Hands the blocks over to the caller, one by one. */
  *take(): Generator<Buffer, void> {
    for (let block = this.blocks.shift(); block !== undefined; block = this.blocks.shift())
      yield this.blocks.length === 0 ? block.subarray(0, this.filled) : block;
  }

  /** The whole text. */
  toBuffer(): Buffer {
    const [first, ...others] = this.blocks;
    if (first === undefined) return Buffer.alloc(0);
    if (others.length === 0) return first.subarray(0, this.filled);
    return Buffer.concat(this.blocks).subarray(0, this.bytes);
  }
}
