import { resolve } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule as NestConfigModule } from '@nestjs/config';
import { Environment, readEnvironment } from '../../common/config/environment.js';

/** The same path from both the compiled and the source file. */
const CONFIG_DIRECTORY = resolve(import.meta.dirname, '../../../config');

/** Provides `Environment`, the typed and frozen configuration, to all modules. */
@Module({})
export class ConfigModule {
  static forRoot(environment: Environment): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Environment, useValue: environment }],
      exports: [Environment],
    };
  }
}

/**
 * @param overrides take precedence over the real environment variables, and these over config/*.env
 * @throws EnvironmentError
 */
export async function loadEnvironment(overrides: Readonly<Record<string, string>> = {}): Promise<Environment> {
  const nodeEnv = overrides.NODE_ENV ?? process.env.NODE_ENV ?? 'production';
  const files = [`${nodeEnv}.env`, 'default.env'].map((file) => resolve(CONFIG_DIRECTORY, file));
  let environment: Environment | undefined;
  await NestConfigModule.forRoot({
    envFilePath: files,
    validate: (variables) => {
      environment = readEnvironment({ ...variables, NODE_ENV: nodeEnv, ...overrides });
      return {};
    },
  });
  return environment as Environment;
}
