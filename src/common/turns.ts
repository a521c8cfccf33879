/** The longest that work on bodies may hold the event loop before others get their turn, in milliseconds. */
const TURN_MS = 10;

/**
 * Shares the event loop among all the bodies of the process. The time that a turn of the loop has for them is counted for all
 * together: however many bodies arrive at once, a probe waits for one turn.
 */
class Turns {
  private startedAt: number | undefined;
  private readonly waiting: (() => void)[] = [];
  /** How many of them, at the head, go before the others. */
  private firsts = 0;

  /** Whether work may begin in this turn of the loop; otherwise wait for `next`. */
  get hasTime(): boolean {
    return this.waiting.length === 0 && this.hasTimeLeft;
  }

  /** The same for work so short that it may go before what waits. */
  get hasTimeLeft(): boolean {
    if (this.startedAt === undefined) {
      this.startedAt = performance.now();
      setImmediate(() => (this.startedAt = undefined));
      return true;
    }
    return performance.now() - this.startedAt < TURN_MS;
  }

  /**
   * Resolves in a later turn of the loop, first come, first served, one a turn.
   * @param isFirst before all others: for work that is soon over and then gives memory back
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

/** One for the process, outside Nest's container: there is one event loop. */
export const turns = new Turns();
