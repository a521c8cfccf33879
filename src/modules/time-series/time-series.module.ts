import { Module } from '@nestjs/common';
import { TimeSeriesController } from './time-series.controller.js';
import { TimeSeriesService } from './time-series.service.js';

@Module({ controllers: [TimeSeriesController], providers: [TimeSeriesService] })
export class TimeSeriesModule {}
