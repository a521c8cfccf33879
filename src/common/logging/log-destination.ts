import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/** Lines that cannot be written wait in memory up to this size. Further lines are dropped. */
const MAX_WAITING_BYTES = 1 << 20;

const RETRY_MS = 100;

// Accessing the stream makes a pipe non-blocking. Its errors can be ignored: the writes below get the same ones.
process.stdout.on('error', () => undefined);

/** Reopens a pipe: starting a worker makes the standard output that all processes share blocking. */
function openOutput(): number {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/dev/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Without /dev/fd, or with a closed standard output, use the descriptor as it is.
  }
  return 1;
}

/**
 * Writes log lines to the standard output and never waits for it. If the disk is full or nobody reads the pipe, lines are dropped
 * and counted. (pino's own destination sleeps until the line is written.)
 */
@Injectable()
export class LogDestination {
  /** The number of dropped lines. */
  dropped = 0;
  private readonly output = openOutput();
  /** The lines of this turn of the event loop, which are written together. */
  private lines: string[] = [];
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  write(line: string): void {
    this.lines.push(line);
    if (this.lines.length === 1) setImmediate(() => this.writeLines());
  }

  /** Writes the lines of this turn now, for example when the process exits. */
  writeLines(): void {
    const { lines } = this;
    this.lines = [];
    // Usually no line waits, and none has to be encoded here.
    let written = this.waiting.length === 0 ? this.tryWrite(lines.join('')) : 0;
    for (const line of lines) {
      const left = Buffer.byteLength(line) - written;
      if (left > 0) this.keep(line, left);
      written = Math.max(-left, 0);
    }
  }

  /** Tries to write the waiting lines for this long. */
  async flush(milliseconds: number): Promise<void> {
    this.writeLines();
    const end = performance.now() + milliseconds;
    while (!this.writeWaiting() && performance.now() < end) await setTimeout(10);
  }

  /** @param bytes how many bytes at the end of the line have not been written */
  private keep(line: string, bytes: number): void {
    const isFirst = this.waiting.length === 0;
    if (!isFirst && this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.dropped++;
      return;
    }
    const all = Buffer.from(line);
    this.waiting.push(all.subarray(all.length - bytes));
    this.waitingBytes += bytes;
    if (isFirst) this.retry();
  }

  private retry(): void {
    void setTimeout(RETRY_MS, undefined, { ref: false }).then(() => {
      if (!this.writeWaiting()) this.retry();
    });
  }

  /** @returns whether all waiting lines were written */
  private writeWaiting(): boolean {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      const written = this.tryWrite(first);
      if (written === 0) return false;
      this.waitingBytes -= written;
      if (written < first.length) this.waiting[0] = first.subarray(written);
      else this.waiting.shift();
    }
    return true;
  }

  /** @returns the number of bytes that were written */
  private tryWrite(data: string | Buffer): number {
    try {
      return typeof data === 'string' ? writeSync(this.output, data) : writeSync(this.output, data);
    } catch {
      return 0;
    }
  }
}
