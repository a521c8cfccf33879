import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { type Environment } from './common/config/environment.js';
import { Drain } from './common/http/drain.js';
import { HttpAdapter } from './common/http/http-adapter.js';
import { observe, REQUEST_ID } from './common/http/request-context.js';
import { setSecurityHeaders } from './common/http/security-headers.js';
import { refuseInvalidHttp } from './common/http/valid-http.js';
import { ApiDocument } from './modules/api-docs/api-document.js';
import { PinoLogger } from './modules/logging/pino-logger.js';

/**
 * Creates the application, ready to listen, for start.ts and the e2e tests.
 * @param methods instead of the service's own, for tests
 */
export async function createApp(environment: Environment, methods?: readonly Type[]): Promise<NestExpressApplication> {
  const adapter = new HttpAdapter(environment);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(environment, methods),
    adapter,
    // The logger is one of the providers. Errors before it exists are thrown.
    { abortOnError: false, bodyParser: false, logger: false },
  );
  app.useLogger(app.get(PinoLogger));
  app.set('etag', false);
  app.disable('x-powered-by');
  // The modules have added their observers in their constructors. Middleware runs in this order.
  adapter.useFirst(observe(adapter.observers), setSecurityHeaders);
  if (environment.CORS_ORIGINS !== '')
    app.enableCors({
      origin: environment.CORS_ORIGINS.split(',').map((origin) => origin.trim()),
      exposedHeaders: [REQUEST_ID, 'Server-Timing', 'Retry-After'],
      maxAge: 600,
    });
  // After CORS, so that scripts of other sites can read these refusals too.
  adapter.useFirst(app.get(Drain).track, refuseInvalidHttp);
  app.get(ApiDocument).app = app;
  return app;
}
