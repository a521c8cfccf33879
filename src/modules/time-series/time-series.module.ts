import { Module } from '@nestjs/common';
import { MethodModule } from '../../common/method/method.module.js';
import { TimeSeriesController } from './time-series.controller.js';
import { TimeSeriesService } from './time-series.service.js';

/** The sum, at /method. */
@Module({ imports: [MethodModule], controllers: [TimeSeriesController], providers: [TimeSeriesService] })
export class TimeSeriesModule {}
