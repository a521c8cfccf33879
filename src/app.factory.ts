import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { AppModule } from './app.module.js';
import { answerUnreadable } from './common/errors/unreadable-request.js';
import { Drain } from './common/lifecycle/drain.js';
import { identify } from './common/lifecycle/request-id.js';
import { Environment } from './modules/config/environment.js';
import { PinoLogger } from './modules/logging/pino-logger.js';

/**
 * The application, ready to listen: what main and the e2e tests share.
 * @throws EnvironmentError
 */
export async function createApp(
  module: Parameters<typeof NestFactory.create>[0] = AppModule.forRoot(),
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    abortOnError: false,
    bodyParser: false,
    // What fails before the level is known is thrown, and told by main in a line.
    logger: false,
  });
  configureApp(app);
  return app;
}

function configureApp(app: NestExpressApplication): void {
  app.useLogger(new PinoLogger(pino({ level: app.get(Environment).LOG_LEVEL })));
  app.set('etag', false);
  app.disable('x-powered-by');
  app.use(identify);
  app.use(app.get(Drain).track);
  app.getHttpServer().on('clientError', answerUnreadable);
}
