import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** Any response shows that the process is alive. The uptime shows restarts. */
@Injectable()
export class LiveHealthIndicator {
  constructor(private readonly indicator: HealthIndicatorService) {}

  isLive(): HealthIndicatorResult {
    return this.indicator.check('live').up({ uptimeSeconds: Math.round(process.uptime()) });
  }
}
