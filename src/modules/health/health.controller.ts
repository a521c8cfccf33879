import { applyDecorators, Controller, Get, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { ReadinessIndicator } from '../../common/health/readiness-indicator.js';
import { Public } from '../../common/http/public.js';
import { LiveHealthIndicator } from './live.health-indicator.js';

const checks = { type: 'object', additionalProperties: { type: 'object' } };
const schema = {
  type: 'object',
  required: ['status', 'info', 'error', 'details'],
  properties: {
    status: { type: 'string', enum: ['ok', 'degraded', 'error', 'shutting_down'] },
    info: checks,
    error: checks,
    details: checks,
  },
};

/** Terminus could describe responses itself, but not if @nestjs/swagger cannot be required, as under Jest. */
const Probe = (summary: string) =>
  applyDecorators(
    HealthCheck({ noCache: true, swaggerDocumentation: false }),
    ApiOperation({ summary }),
    ApiOkResponse({ description: 'All checks passed.', schema }),
    ApiServiceUnavailableResponse({ description: 'A check failed; `error` says which.', schema }),
  );

@Public()
@ApiTags('service')
@Controller('health')
export class HealthController implements OnModuleInit {
  private readonly live: readonly HealthIndicatorFunction[];
  private ready: readonly HealthIndicatorFunction[] = [];

  constructor(
    private readonly health: HealthCheckService,
    private readonly discovery: DiscoveryService,
    live: LiveHealthIndicator,
  ) {
    this.live = [() => live.isLive()];
  }

  /** Only now do the indicators of all modules exist. */
  onModuleInit(): void {
    this.ready = this.discovery
      .getProviders({ metadataKey: ReadinessIndicator.KEY })
      .map(({ instance }) => instance as ReadinessIndicator)
      .map((indicator) => () => indicator.isReady());
  }

  @Get()
  @Probe('All checks, with detail')
  all(): Promise<HealthCheckResult> {
    return this.health.check([...this.live, ...this.ready]);
  }

  @Get('live')
  @Probe('Liveness: restart the process if this fails')
  isLive(): Promise<HealthCheckResult> {
    return this.health.check([...this.live]);
  }

  @Get('ready')
  @Probe('Readiness: send requests elsewhere if this fails')
  isReady(): Promise<HealthCheckResult> {
    return this.health.check([...this.ready]);
  }
}
