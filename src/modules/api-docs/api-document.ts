import { Injectable, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OperationObject } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../../common/errors/error-codes.js';
import { Failure, failureResponse } from '../../common/method/method-api.js';
import { Methods } from '../../common/method/methods.js';
import { dtosOf } from '../../common/method/params.js';
import { VERSION } from '../../version.js';
import { withRules, type Schemas } from './params-schemas.js';

const DESCRIPTION = `The samples of a few synchronized time series go in, the resulting series come back.

The response of a method, and every error except those of \`/health\`, has \`error\`, an integer (0 on success), and \`log\`, text. A
request that was understood but refused gets HTTP 200, since some clients drop the body of other responses. With
ERROR_HTTP_STATUS=http it gets the second status in the table.

If keys are configured, send one as \`Authorization: Bearer <key>\` or \`X-API-Key: <key>\`. Otherwise every route is public.

| error | name | HTTP | when |
|---|---|---|---|
${Object.entries<ErrorCode>(ERROR_CODES)
  .map(
    ([name, { code, status, managed, when }]) =>
      `| ${code} | ${name} | ${managed ? `200 / ${status}` : status} | ${when} |`,
  )
  .join('\n')}`;

/** The API description in OpenAPI 3.1, as JSON. It is built from decorators on the first request. */
@Injectable()
export class ApiDocument {
  /** Set it before the first request. */
  app!: INestApplication;
  private text?: string;

  json(): string {
    return (this.text ??= JSON.stringify(this.build()));
  }

  private build(): object {
    const config = new DocumentBuilder()
      .setOpenAPIVersion('3.1.1')
      .setTitle('KASEM time series')
      .setVersion(VERSION)
      .setDescription(DESCRIPTION)
      .setLicense('MIT', 'https://opensource.org/license/mit')
      .addServer('/')
      .addTag('methods', 'Series in, series out')
      .addTag('service', 'For those who run it')
      .addSecurity('bearer', { type: 'http', scheme: 'bearer' })
      .addSecurity('key', { type: 'apiKey', in: 'header', name: 'X-API-Key' })
      .addSecurityRequirements('bearer')
      .addSecurityRequirements('key')
      .addSecurityRequirements({})
      .addGlobalResponse(failureResponse(405), failureResponse(500), {
        type: Failure,
        description: 'Any other error, in the same form.',
      })
      .build();
    const document = SwaggerModule.createDocument(this.app, config, { autoTagControllers: false });
    // Nest's ids name classes and functions, and contain brackets if a method has several paths.
    const ids = new Set<string>();
    for (const [path, item] of Object.entries(document.paths))
      for (const operation of Object.values(item as Record<string, OperationObject>)) {
        let id = path.slice(1).replace(/\W+/g, '_');
        while (ids.has(id)) id += '_';
        ids.add((operation.operationId = id));
      }
    const dtos = this.app.get(Methods).all.flatMap(({ declaration }) => dtosOf(declaration.params));
    const schemas = withRules(document.components?.schemas as Schemas, dtos);
    return { ...document, components: { ...document.components, schemas } };
  }
}
