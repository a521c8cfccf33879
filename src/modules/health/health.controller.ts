import { applyDecorators, Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../../common/http/public.js';
import { ReadyHealthIndicator } from './ready.health-indicator.js';
import { LiveHealthIndicator } from './live.health-indicator.js';

const checks = { type: 'object', additionalProperties: { type: 'object' } };
const schema = {
  type: 'object',
  required: ['status', 'info', 'error', 'details'],
  properties: {
    status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
    info: checks,
    error: checks,
    details: checks,
  },
};

/** Terminus describes responses itself, but not where @nestjs/swagger cannot be required, as under Jest. */
const Probe = (summary: string) =>
  applyDecorators(
    HealthCheck({ noCache: true, swaggerDocumentation: false }),
    ApiOperation({ summary }),
    ApiOkResponse({ description: 'All is well.', schema }),
    ApiServiceUnavailableResponse({ description: 'Something is not; `error` says what.', schema }),
  );

@Public()
@ApiTags('service')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly live: LiveHealthIndicator,
    private readonly ready: ReadyHealthIndicator,
  ) {}

  @Get()
  @Probe('Both checks, with detail')
  all(): Promise<HealthCheckResult> {
    return this.health.check([() => this.live.isLive('live'), () => this.ready.isReady('ready')]);
  }

  @Get('live')
  @Probe('Liveness: restart the process if this fails')
  isLive(): Promise<HealthCheckResult> {
    return this.health.check([() => this.live.isLive('live')]);
  }

  @Get('ready')
  @Probe('Readiness: send requests elsewhere if this fails')
  isReady(): Promise<HealthCheckResult> {
    return this.health.check([() => this.ready.isReady('ready')]);
  }
}
