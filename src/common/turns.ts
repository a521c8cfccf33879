/** The longest that work on bodies may block the event loop, in milliseconds. */
const TURN_MS = 10;

/**
 * Shares the event loop among all bodies of the process. Each turn of the loop has a time limit for all of them together, so that
 * a probe waits for one turn, however many bodies arrive at once.
 */
class Turns {
  private startedAt: number | undefined;
  private readonly waiting: (() => void)[] = [];
  /** The number of waiting ones, at the head, that go before the others. */
  private firsts = 0;

  /** Whether work may begin in this turn of the loop. If not, await `next`. */
  get hasTime(): boolean {
    return this.waiting.length === 0 && this.hasTimeLeft;
  }

  /** The same for work so short that it need not wait behind others. */
  get hasTimeLeft(): boolean {
    if (this.startedAt === undefined) {
      this.startedAt = performance.now();
      setImmediate(() => (this.startedAt = undefined));
      return true;
    }
    return performance.now() - this.startedAt < TURN_MS;
  }

  /**
   * Resolves in a later turn of the loop: first come, first served, one per turn.
   * @param isFirst whether to go before the others: for work that ends soon and then frees memory
   */
  next(isFirst = false): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.splice(isFirst ? this.firsts++ : this.waiting.length, 0, resolve);
      if (this.waiting.length === 1) setImmediate(this.serve);
    });
  }

  private readonly serve = (): void => {
    this.firsts = Math.max(this.firsts - 1, 0);
    this.waiting.shift()?.();
    if (this.waiting.length > 0) setImmediate(this.serve);
  };
}

/** The only instance. It is outside Nest's container, since a process has only one event loop. */
export const turns = new Turns();
