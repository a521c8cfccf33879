import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { type Environment } from './common/config/environment.js';
import { HttpModule } from './common/http/http.module.js';
import { MethodModule } from './common/method/method.module.js';
import { ApiDocsModule } from './modules/api-docs/api-docs.module.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { ConfigModule } from './modules/config/config.module.js';
import { HealthModule } from './modules/health/health.module.js';
import { IndexModule } from './modules/index/index.module.js';
import { LoggingModule } from './modules/logging/logging.module.js';
import { MetricsModule } from './modules/metrics/metrics.module.js';
import { PlaygroundModule } from './modules/playground/playground.module.js';
import { TimeSeriesModule } from './modules/time-series/time-series.module.js';

/** The methods of the service. Add yours here. */
export const METHODS: readonly Type[] = [TimeSeriesModule];

@Module({ imports: [ApiDocsModule, AuthModule, HealthModule, HttpModule, LoggingModule] })
export class AppModule {
  /** @param methods other methods, for tests */
  static forRoot(environment: Environment, methods = METHODS): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // Nest asks the filter of the first module last, so this one catches what no other filter does, on every route.
        MethodModule,
        ConfigModule.forRoot(environment),
        ...methods,
        environment.PLAYGROUND === 'on' ? PlaygroundModule : IndexModule,
        ...(environment.METRICS === 'on' ? [MetricsModule] : []),
      ],
    };
  }
}
