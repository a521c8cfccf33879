import { resolve } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule as NestConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { Environment, readEnvironment } from '../../common/config/environment.js';

/** Found from the compiled and from the source file alike. */
const CONFIG_DIRECTORY = resolve(import.meta.dirname, '../../../config');

/** Gives `Environment`, the one typed and frozen configuration, to all modules. */
@Module({})
export class ConfigModule {
  /** @param overrides win over the real environment variables, which win over config/*.env */
  static forRoot(overrides: Readonly<Record<string, string>> = {}): DynamicModule {
    const nodeEnv = overrides.NODE_ENV ?? process.env.NODE_ENV ?? 'production';
    const files = [`${nodeEnv}.env`, 'default.env'].map((file) => resolve(CONFIG_DIRECTORY, file));
    const nestConfigModule = NestConfigModule.forRoot({
      envFilePath: files,
      validate: (variables) => ({
        environment: readEnvironment({ ...variables, NODE_ENV: nodeEnv, ...overrides }),
      }),
    });
    // Nest awaits it later than Node allows a rejection to stand unheard.
    nestConfigModule.catch(() => undefined);
    return {
      module: ConfigModule,
      global: true,
      imports: [nestConfigModule],
      providers: [
        {
          provide: Environment,
          useFactory: (config: ConfigService) => config.getOrThrow<Environment>('environment'),
          inject: [ConfigService],
        },
      ],
      exports: [Environment],
    };
  }
}

/**
 * The environment alone, for what runs before or beside the application.
 * @throws EnvironmentError
 */
export async function loadEnvironment(): Promise<Environment> {
  const context = await NestFactory.createApplicationContext(ConfigModule.forRoot(), {
    abortOnError: false,
    logger: false,
  });
  return context.get(Environment);
}
