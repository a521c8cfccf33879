import { Injectable } from '@nestjs/common';
import { KasemError } from '../errors/kasem.error.js';
import { Environment } from '../config/environment.js';

/** Limits the bytes of all bodies in flight: refuses a body that would exceed the limit. */
@Injectable()
export class BodyBudget {
  readonly limitBytes: number;
  inFlightBytes = 0;
  /** The number of refused requests. */
  shed = 0;

  constructor({ MAX_IN_FLIGHT_BYTES }: Environment) {
    this.limitBytes = MAX_IN_FLIGHT_BYTES;
  }

  /** The share of one body, 0 at first. Release it when the response is encoded, since columns live that long. */
  open(): BodyShare {
    return new BodyShare(this);
  }
}

/** The bytes that one body takes of the budget. */
export class BodyShare {
  private bytes = 0;
  private isOpen = true;

  constructor(private readonly budget: BodyBudget) {}

  /**
   * Raises the share to a number of bytes; a lower number changes nothing. A body that is alone in flight always fits: its
   * length is checked elsewhere.
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

  /** Keeps only a part of the share, from 0 to 1: that of the columns that are left. */
  keep(part: number): void {
    const kept = Math.ceil(this.bytes * part);
    this.budget.inFlightBytes -= this.bytes - kept;
    this.bytes = kept;
  }

  /** Gives back the share for good: bytes that arrive after the end of the request do not count. */
  release(): void {
    this.isOpen = false;
    this.budget.inFlightBytes -= this.bytes;
    this.bytes = 0;
  }
}
