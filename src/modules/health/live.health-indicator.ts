import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** That this answers at all is the sign of life; the detail tells a restart from a long run. */
@Injectable()
export class LiveHealthIndicator {
  constructor(private readonly indicator: HealthIndicatorService) {}

  isLive(key: string): HealthIndicatorResult {
    return this.indicator.check(key).up({ uptimeSeconds: Math.round(process.uptime()) });
  }
}
