import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Response } from 'express';
import { KasemError } from '../../common/errors/kasem.error.js';
import { Environment } from '../../common/config/environment.js';
import { exposition } from '../../cluster/cluster-metrics.js';
import { Metrics } from './metrics.js';

@ApiTags('service')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly environment: Environment,
  ) {}

  @Get()
  @ApiOperation({ summary: "What the service counts, in Prometheus' text format" })
  @ApiOkResponse({
    description: 'Summed over all processes.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async scrape(@Res() response: Response): Promise<void> {
    if (this.environment.METRICS === 'off') throw new KasemError('NOT_FOUND', 'there is no /metrics');
    const { registry } = this.metrics;
    response.type(registry.contentType).send(await exposition(registry));
  }
}
