import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import { HttpAdapter } from './common/http/http-adapter.js';
import { observe, REQUEST_ID, type RequestObserver } from './common/http/request-context.js';
import { assertHttp } from './common/http/valid-http.js';
import { Drain } from './common/http/drain.js';
import { ApiDocument } from './modules/api-docs/api-document.js';
import { Environment } from './common/config/environment.js';
import { PinoLogger } from './modules/logging/pino-logger.js';
import { RequestLog } from './modules/logging/request-log.js';
import { Metrics } from './modules/metrics/metrics.js';
import { serveAssets } from './modules/playground/playground-files.js';

/** A response is data: a browser that shows one as a page gets nothing from anywhere. */
const NOTHING_ELSE = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/**
 * The application, ready to listen: what main and the e2e tests share.
 * @throws EnvironmentError
 */
export async function createApp(
  module: Parameters<typeof NestFactory.create>[0] = AppModule.forRoot(),
): Promise<NestExpressApplication> {
  const adapter = new HttpAdapter();
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, {
    abortOnError: false,
    bodyParser: false,
    // What fails before the level is known is thrown, and told by main in a line.
    logger: false,
  });
  const environment = app.get(Environment);
  adapter.limit({
    requestTimeoutMs: environment.REQUEST_TIMEOUT_MS,
    response: {
      timeoutMs: environment.RESPONSE_TIMEOUT_MS,
      minBytesPerSecond: environment.MIN_RESPONSE_BYTES_PER_SECOND,
    },
  });
  const observers = [app.get(RequestLog), ...(environment.METRICS === 'on' ? [app.get(Metrics)] : [])];
  adapter.tell(observers);
  configureApp(app, environment, observers);
  return app;
}

function configureApp(
  app: NestExpressApplication,
  { CORS_ORIGINS, PLAYGROUND }: Environment,
  observers: readonly RequestObserver[],
): void {
  app.useLogger(app.get(PinoLogger));
  app.set('etag', false);
  app.disable('x-powered-by');
  app.use(observe(observers));
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: NOTHING_ELSE } }));
  if (CORS_ORIGINS !== '')
    app.enableCors({
      origin: CORS_ORIGINS.split(',').map((origin) => origin.trim()),
      exposedHeaders: [REQUEST_ID, 'Server-Timing', 'Retry-After'],
      maxAge: 600,
    });
  // After what every response carries, so that pages can read these refusals as well.
  app.use(app.get(Drain).track, assertHttp);
  if (PLAYGROUND === 'on') serveAssets(app);
  app.get(ApiDocument).app = app;
}
