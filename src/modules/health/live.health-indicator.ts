import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** A response is enough to show that the process is alive; the uptime shows a restart. */
@Injectable()
export class LiveHealthIndicator {
  constructor(private readonly indicator: HealthIndicatorService) {}

  isLive(key: string): HealthIndicatorResult {
    return this.indicator.check(key).up({ uptimeSeconds: Math.round(process.uptime()) });
  }
}
