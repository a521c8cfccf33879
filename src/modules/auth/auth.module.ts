import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Environment } from '../../common/config/environment.js';
import { KeyGuard } from './key.guard.js';
import { Keys } from './keys.js';

/** The clients' keys, from API_KEYS and API_KEYS_FILE. SIGHUP reloads the file. */
@Module({
  providers: [
    { provide: Keys, useFactory: (environment: Environment) => new Keys(environment), inject: [Environment] },
    { provide: APP_GUARD, useClass: KeyGuard },
  ],
})
export class AuthModule implements OnApplicationShutdown {
  private readonly logger = new Logger('keys');

  constructor(private readonly keys: Keys) {
    process.on('SIGHUP', this.reload);
  }

  onApplicationShutdown(): void {
    process.off('SIGHUP', this.reload);
  }

  private readonly reload = (): void => {
    try {
      this.keys.reload();
      this.logger.log('API keys reloaded');
    } catch (error) {
      this.logger.error(`API keys not reloaded: ${(error as Error).message}`);
    }
  };
}
