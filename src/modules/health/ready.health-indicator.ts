import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Drain } from '../../common/http/drain.js';

@Injectable()
export class ReadyHealthIndicator {
  constructor(
    private readonly indicator: HealthIndicatorService,
    private readonly drain: Drain,
  ) {}

  isReady(key: string): HealthIndicatorResult {
    const attempt = this.indicator.check(key);
    return this.drain.isDraining ? attempt.down('the service is shutting down') : attempt.up();
  }
}
