import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { KasemExceptionFilter } from './common/http/kasem-exception.filter.js';
import { Drain } from './common/http/drain.js';
import { BodyBudget } from './common/method/body-budget.js';
import { MethodLimits } from './common/method/method-limits.js';
import { ApiDocsModule } from './modules/api-docs/api-docs.module.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { ConfigModule } from './modules/config/config.module.js';
import { Environment } from './common/config/environment.js';
import { HealthModule } from './modules/health/health.module.js';
import { LoggingModule } from './modules/logging/logging.module.js';
import { MetricsModule } from './modules/metrics/metrics.module.js';
import { PlaygroundModule } from './modules/playground/playground.module.js';
import { TimeSeriesModule } from './modules/time-series/time-series.module.js';

/** The modules of the service. A further method is one more import here. */
@Global()
@Module({
  imports: [
    TimeSeriesModule,
    ApiDocsModule,
    AuthModule,
    HealthModule,
    LoggingModule,
    MetricsModule,
    PlaygroundModule,
  ],
  providers: [
    Drain,
    {
      provide: MethodLimits,
      useFactory: (environment: Environment): MethodLimits => ({
        maxBodyBytes: environment.MAX_BODY_BYTES,
        maxInFlightBytes: environment.MAX_IN_FLIGHT_BYTES,
        requestTimeoutMs: environment.REQUEST_TIMEOUT_MS,
      }),
      inject: [Environment],
    },
    BodyBudget,
    {
      provide: APP_FILTER,
      useFactory: ({ ERROR_HTTP_STATUS }: Environment) => new KasemExceptionFilter(ERROR_HTTP_STATUS),
      inject: [Environment],
    },
  ],
  exports: [Drain, MethodLimits, BodyBudget],
})
export class AppModule {
  /** @param environment overrides of environment variables, for tests */
  static forRoot(environment?: Readonly<Record<string, string>>): DynamicModule {
    return { module: AppModule, imports: [ConfigModule.forRoot(environment)] };
  }
}
