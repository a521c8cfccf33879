import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Environment } from '../../common/config/environment.js';
import { KeyGuard } from './key.guard.js';
import { Keys } from './keys.js';

/** Keys for the clients, from API_KEYS and API_KEYS_FILE; the file is read again on SIGHUP. */
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
      this.logger.log('the keys were read again');
    } catch (error) {
      this.logger.error(`the keys stay as they were: ${(error as Error).message}`);
    }
  };
}
