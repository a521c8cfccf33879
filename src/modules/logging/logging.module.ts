import { Global, Module } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { createPino, PINO } from './pino.js';
import { PinoLogger } from './pino-logger.js';
import { RequestLog } from './request-log.js';

/** What Nest and its parts log, and one line a request, to pino. */
@Global()
@Module({
  providers: [{ provide: PINO, useFactory: createPino, inject: [Environment] }, PinoLogger, RequestLog],
  exports: [PINO, PinoLogger, RequestLog],
})
export class LoggingModule {}
