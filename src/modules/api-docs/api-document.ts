import { Injectable, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OperationObject } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../../common/errors/error-codes.js';
import { Failure, failureResponse } from '../../common/method/method-api.js';
import { VERSION } from '../../version.js';
import { withRules, type Schemas } from './params-schemas.js';

const DESCRIPTION = `The samples of a few synchronized time series go in, the resulting series come back.

Every JSON response but that of \`/health\` carries \`error\`, an integer, and \`log\`, text. \`error\` 0 is success. A request that was
understood and refused is answered with HTTP 200, so that a client which drops the body of other responses still shows both; where the
service runs with ERROR_HTTP_STATUS=http, with the second status of the table.

Where keys are configured, clients give one as \`Authorization: Bearer <key>\` or \`X-API-Key: <key>\`; otherwise the service is open.

| error | name | HTTP | when |
|---|---|---|---|
${Object.entries<ErrorCode>(ERROR_CODES)
  .map(
    ([name, { code, status, managed, when }]) =>
      `| ${code} | ${name} | ${managed ? `200 / ${status}` : status} | ${when} |`,
  )
  .join('\n')}`;

/** The description of the application in OpenAPI 3.1, as JSON; made from its decorators when it is first asked for. */
@Injectable()
export class ApiDocument {
  /** To be set before the first request. */
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
    const document = SwaggerModule.createDocument(this.app, config);
    // Nest's ids are those of classes and functions, and have brackets where a method has several paths.
    for (const [path, item] of Object.entries(document.paths))
      for (const operation of Object.values(item as Record<string, OperationObject>))
        operation.operationId = path.slice(1).replace(/\W+/g, '_');
    const schemas = withRules(document.components?.schemas as Schemas);
    return { ...document, components: { ...document.components, schemas } };
  }
}
