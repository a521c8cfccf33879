import { Controller } from '@nestjs/common';
import { KasemMethod, type MethodCall, type MethodResult } from '../../common/method/kasem-method.js';
import { SumParams } from './dto/sum-params.dto.js';
import { SUM_EXAMPLES } from './sum-examples.js';
import { TimeSeriesService } from './time-series.service.js';

@Controller()
export class TimeSeriesController {
  constructor(private readonly timeSeries: TimeSeriesService) {}

  @KasemMethod({
    paths: ['method', 'sum'],
    params: SumParams,
    inputs: ['e1_ts', 'e2_ts'],
    outputs: ['sum_ts'],
    examples: SUM_EXAMPLES,
  })
  async sum({ params, frame }: MethodCall<SumParams>): Promise<MethodResult> {
    return { sum_ts: await this.timeSeries.sum(frame, params) };
  }
}
