import { DiscoveryService } from '@nestjs/core';
import { type HealthIndicatorResult } from '@nestjs/terminus';

/** Decorates a provider of any module, so that /health/ready checks it too. */
export const ReadinessIndicator = DiscoveryService.createDecorator();

export interface ReadinessIndicator {
  isReady(): HealthIndicatorResult | PromiseLike<HealthIndicatorResult>;
}
