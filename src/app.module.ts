import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { KasemExceptionFilter } from './common/errors/kasem-exception.filter.js';
import { Drain } from './common/lifecycle/drain.js';
import { BodyLimits } from './common/method/body-reader.js';
import { ConfigModule } from './modules/config/config.module.js';
import { Environment } from './modules/config/environment.js';
import { HealthModule } from './modules/health/health.module.js';
import { TimeSeriesModule } from './modules/time-series/time-series.module.js';

/** The modules of the service. A further method is one more import here. */
@Global()
@Module({
  imports: [TimeSeriesModule, HealthModule],
  providers: [
    Drain,
    {
      provide: BodyLimits,
      useFactory: ({ MAX_BODY_BYTES }: Environment): BodyLimits => ({ maxBodyBytes: MAX_BODY_BYTES }),
      inject: [Environment],
    },
    {
      provide: APP_FILTER,
      useFactory: ({ ERROR_HTTP_STATUS }: Environment) => new KasemExceptionFilter(ERROR_HTTP_STATUS),
      inject: [Environment],
    },
  ],
  exports: [Drain, BodyLimits],
})
export class AppModule {
  /** @param environment overrides of environment variables, for tests */
  static forRoot(environment?: Readonly<Record<string, string>>): DynamicModule {
    return { module: AppModule, imports: [ConfigModule.forRoot(environment)] };
  }
}
