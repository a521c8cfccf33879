import { Global, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type HttpAdapter } from '../../common/http/http-adapter.js';
import { LogDestination } from '../../common/logging/log-destination.js';
import { Environment } from '../../common/config/environment.js';
import { createPino, PINO } from './pino.js';
import { PinoLogger } from './pino-logger.js';
import { RequestLog } from './request-log.js';

/** Sends Nest's log and one line for each request to pino. */
@Global()
@Module({
  providers: [
    LogDestination,
    { provide: PINO, useFactory: createPino, inject: [Environment, LogDestination] },
    PinoLogger,
    RequestLog,
  ],
  exports: [LogDestination, PINO, PinoLogger],
})
export class LoggingModule {
  constructor({ httpAdapter }: HttpAdapterHost<HttpAdapter>, log: RequestLog) {
    httpAdapter.observers.push(log);
  }
}
