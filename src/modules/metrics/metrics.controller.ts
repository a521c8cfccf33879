import { Controller, Get, Res } from '@nestjs/common';
import { type Response } from 'express';
import { KasemError } from '../../common/errors/kasem.error.js';
import { Environment } from '../../common/config/environment.js';
import { exposition } from '../../cluster/cluster-metrics.js';
import { Metrics } from './metrics.js';

@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly environment: Environment,
  ) {}

  /** In Prometheus' text format, summed over all processes. */
  @Get()
  async scrape(@Res() response: Response): Promise<void> {
    if (this.environment.METRICS === 'off') throw new KasemError('NOT_FOUND', 'there is no /metrics');
    const { registry } = this.metrics;
    response.type(registry.contentType).send(await exposition(registry));
  }
}
