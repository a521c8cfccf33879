import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ReadinessIndicator } from '../../common/health/readiness-indicator.js';
import { Drain } from '../../common/http/drain.js';

@ReadinessIndicator()
@Injectable()
export class ReadyHealthIndicator implements ReadinessIndicator {
  constructor(
    private readonly indicator: HealthIndicatorService,
    private readonly drain: Drain,
  ) {}

  isReady(): HealthIndicatorResult {
    const attempt = this.indicator.check('ready');
    return this.drain.isDraining ? attempt.down('the service is shutting down') : attempt.up();
  }
}
