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

/** The modules of the service. A further method is one more import here. */
@Module({ imports: [TimeSeriesModule, ApiDocsModule, AuthModule, HealthModule, HttpModule, LoggingModule] })
export class AppModule {
  /** @param methods further methods, for tests */
  static forRoot(environment: Environment, methods: readonly Type[] = []): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // Nest asks the filter of the first module last: this one takes whatever no other filter takes, on every route.
        MethodModule,
        ConfigModule.forRoot(environment),
        environment.PLAYGROUND === 'on' ? PlaygroundModule : IndexModule,
        ...(environment.METRICS === 'on' ? [MetricsModule] : []),
        ...methods,
      ],
    };
  }
}
