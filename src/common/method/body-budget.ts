import { Injectable } from '@nestjs/common';
import { KasemError } from '../errors/kasem.error.js';
import { Environment } from '../config/environment.js';

/** The bytes of all bodies in flight, kept below a limit by refusing what would pass it. */
@Injectable()
export class BodyBudget {
  readonly limitBytes: number;
  inFlightBytes = 0;
  /** How many requests have been refused. */
  shed = 0;

  constructor({ MAX_IN_FLIGHT_BYTES }: Environment) {
    this.limitBytes = MAX_IN_FLIGHT_BYTES;
  }

  /** What one body takes, nothing yet; to be released when its response is encoded, since columns live as long. */
  open(): BodyShare {
    return new BodyShare(this);
  }
}

/** The share of one body. */
export class BodyShare {
  private bytes = 0;
  private isOpen = true;

  constructor(private readonly budget: BodyBudget) {}

  /**
   * The body is known to take so many bytes; less than before changes nothing. One that is alone in flight always fits: its
   * length is judged elsewhere.
   * @throws KasemError OVERLOADED
   */
  growTo(bytes: number): void {
    const more = bytes - this.bytes;
    if (more <= 0 || !this.isOpen) return;
    const { budget } = this;
    const isAlone = budget.inFlightBytes === this.bytes;
    if (budget.inFlightBytes + more > budget.limitBytes && !isAlone) {
      budget.shed++;
      throw new KasemError(
        'OVERLOADED',
        `with this body more than ${budget.limitBytes} bytes would be in flight; try again later`,
      );
    }
    budget.inFlightBytes += more;
    this.bytes = bytes;
  }

  /** Gives back all but a part, from 0 to 1, of what the body takes: as much as is left of its columns. */
  keep(part: number): void {
    const kept = Math.ceil(this.bytes * part);
    this.budget.inFlightBytes -= this.bytes - kept;
    this.bytes = kept;
  }

  /** For good: what arrives of a body after its request has ended counts no more. */
  release(): void {
    this.isOpen = false;
    this.budget.inFlightBytes -= this.bytes;
    this.bytes = 0;
  }
}
