import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { Open } from '../../common/http/public.js';
import { ReadyHealthIndicator } from './ready.health-indicator.js';
import { LiveHealthIndicator } from './live.health-indicator.js';

@Open()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly live: LiveHealthIndicator,
    private readonly ready: ReadyHealthIndicator,
  ) {}

  /** Both, with detail. */
  @Get()
  @HealthCheck()
  all(): Promise<HealthCheckResult> {
    return this.check(
      () => this.live.isLive('live'),
      () => this.ready.isReady('ready'),
    );
  }

  /** The process turns; where it does not respond, restart it. */
  @Get('live')
  @HealthCheck()
  isLive(): Promise<HealthCheckResult> {
    return this.check(() => this.live.isLive('live'));
  }

  /** It takes work; where it does not, send the work elsewhere. */
  @Get('ready')
  @HealthCheck()
  isReady(): Promise<HealthCheckResult> {
    return this.check(() => this.ready.isReady('ready'));
  }

  private check(...indicators: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    return this.health.check(indicators);
  }
}
