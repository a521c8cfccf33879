import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { pageHeaders } from '../../common/http/security-headers.js';
import { ApiDocsController } from './api-docs.controller.js';
import { ApiDocument } from './api-document.js';

/** The description of the API at /openapi.json, and a page to read and try it at /docs. */
@Module({ controllers: [ApiDocsController], providers: [ApiDocument] })
export class ApiDocsModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    // The icons of Swagger UI are data: URLs.
    consumer.apply(pageHeaders({ 'img-src': "'self' data:" })).forRoutes(ApiDocsController);
  }
}
