import { Module } from '@nestjs/common';
import { MethodModule } from '../../common/method/method.module.js';
import { TimeSeriesController } from './time-series.controller.js';
import { TimeSeriesService } from './time-series.service.js';

/** The sum: its controller for /method, its service, and, by MethodModule, the exception filter. */
@Module({ imports: [MethodModule], controllers: [TimeSeriesController], providers: [TimeSeriesService] })
export class TimeSeriesModule {}
