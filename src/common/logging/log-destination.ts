import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/** Lines that cannot be written wait in memory up to so many bytes; further ones are dropped. */
const MAX_WAITING_BYTES = 1 << 20;

const RETRY_MS = 100;

// Node makes a pipe non-blocking when it opens it as a stream; its errors are those of the writes below.
process.stdout.on('error', () => undefined);

/** Opens a pipe anew: to start a worker makes the standard output that all processes share block. */
function openOutput(): number {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/dev/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Without /dev/fd, or with a closed standard output, it stays what it is.
  }
  return 1;
}

/**
 * Writes log lines to the standard output and never waits for it: on a full disk, or where nobody reads the pipe, lines are
 * dropped and counted. (pino's own destination sleeps until the line is written.)
 */
@Injectable()
export class LogDestination {
  /** How many lines have been dropped. */
  dropped = 0;
  private readonly output = openOutput();
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  write(line: string): void {
    const isFirst = this.waiting.length === 0;
    // Most lines never wait, and need not become bytes here.
    const written = isFirst ? this.tryWrite(line) : 0;
    const bytes = Buffer.byteLength(line) - written;
    if (bytes === 0) return;
    if (!isFirst && this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.dropped++;
      return;
    }
    this.waiting.push(Buffer.from(line).subarray(written));
    this.waitingBytes += bytes;
    if (isFirst) this.retry();
  }

  /** Tries for so long to write what waits. */
  async flush(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!this.writeWaiting() && performance.now() < end) await setTimeout(10);
  }

  private retry(): void {
    void setTimeout(RETRY_MS, undefined, { ref: false }).then(() => {
      if (!this.writeWaiting()) this.retry();
    });
  }

  /** @returns whether nothing waits any more */
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

  /** @returns how many bytes the system took */
  private tryWrite(data: string | Buffer): number {
    try {
      return typeof data === 'string' ? writeSync(this.output, data) : writeSync(this.output, data);
    } catch {
      return 0;
    }
  }
}
