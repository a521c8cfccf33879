import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type HttpAdapter } from '../../common/http/http-adapter.js';
import { MethodModule } from '../../common/method/method.module.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';

/** The metrics of the service, at /metrics. */
@Module({ imports: [MethodModule], controllers: [MetricsController], providers: [Metrics] })
export class MetricsModule {
  constructor({ httpAdapter }: HttpAdapterHost<HttpAdapter>, metrics: Metrics) {
    httpAdapter.observers.push(metrics);
  }
}
