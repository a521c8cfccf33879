import { Controller } from '@nestjs/common';
import { KasemMethod, type MethodCall, type MethodResult } from '../../common/method/kasem-method.js';
import { SUM } from './sum.declaration.js';
import { TimeSeriesService } from './time-series.service.js';

@Controller()
export class TimeSeriesController {
  constructor(private readonly timeSeries: TimeSeriesService) {}

  @KasemMethod(SUM)
  async sum({ params, frame }: MethodCall<typeof SUM>): Promise<MethodResult<typeof SUM>> {
    return { sum_ts: await this.timeSeries.sum(frame, params) };
  }
}
