import { Injectable, type INestApplication } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import {
  type OpenAPIObject,
  type OperationObject,
  type ParameterObject,
  type PathsObject,
} from '@nestjs/swagger';
import { MethodLimits } from '../../common/method/method-limits.js';
import { METHOD_DECLARATION, type DeclaredMethod } from '../../common/method/method-declaration.js';
import { VERSION } from '../../version.js';
import { errorTable, failureResponses, failureSchemas, HEADERS } from './failures.js';
import { type JsonSchema } from './json-schema.js';
import { CELL_SCHEMAS, describeMethod } from './method-description.js';
import { HEALTH_SCHEMAS, SERVICE_ROUTES } from './service-routes.js';

const DESCRIPTION = `The samples of a few synchronized time series go in, the resulting series come back, row by row.

Every JSON answer but that of \`/health\` carries \`error\`, an integer, and \`log\`, text. \`error\` 0 is success. A request that was
understood and refused is answered with HTTP 200, so that a client which drops the body of other answers still shows both; where the
service runs with ERROR_HTTP_STATUS=http, with the second status of the table.

Where keys are configured, clients give one as \`Authorization: Bearer <key>\` or \`X-API-Key: <key>\`; otherwise the service is open.`;

const PARAMETERS: Record<string, ParameterObject> = {
  RequestId: {
    name: 'X-Request-ID',
    in: 'header',
    description:
      'An id for the log of the service, and of the answer; one is made where there is none, or none of this form.',
    schema: { type: 'string', pattern: '^[\\w.:@/+=-]{1,128}$' },
  },
  ContentEncoding: {
    name: 'Content-Encoding',
    in: 'header',
    description: 'How the body is compressed.',
    schema: { type: 'string', enum: ['gzip', 'x-gzip', 'deflate', 'br', 'identity'] },
  },
};

/** The description of the application in OpenAPI 3.1: made from its declarations, once, when it is first asked for. */
@Injectable()
export class ApiDocument {
  private app?: INestApplication;
  private text?: Promise<string>;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    private readonly limits: MethodLimits,
  ) {}

  /** To be called before the first request. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  /** As JSON. */
  json(): Promise<string> {
    return (this.text ??= this.build().then((document) => JSON.stringify(document)));
  }

  private async build(): Promise<OpenAPIObject> {
    // It takes a third of a second and 15 MiB that most processes never need.
    const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
    const builder = new DocumentBuilder()
      .setOpenAPIVersion('3.1.1')
      .setTitle('KASEM time series')
      .setVersion(VERSION)
      .setDescription(`${DESCRIPTION}\n\n${errorTable()}`)
      .addServer('/')
      .addTag('methods', 'Series in, series out')
      .addTag('service', 'For those who run it')
      .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearer')
      .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'key');
    builder.addSecurityRequirements('bearer').addSecurityRequirements('key').addSecurityRequirements({});

    const scanned = SwaggerModule.createDocument(this.app as INestApplication, builder.build(), {
      autoTagControllers: false,
    });
    const methods = await this.describeMethods();
    return {
      ...scanned,
      info: { ...scanned.info, license: { name: 'MIT', identifier: 'MIT' } as never },
      paths: { ...methods.paths, ...pathsForClients(scanned.paths, methods.paths) },
      components: {
        ...scanned.components,
        schemas: {
          ...scanned.components?.schemas,
          ...methods.schemas,
          ...CELL_SCHEMAS,
          ...failureSchemas(),
          ...HEALTH_SCHEMAS,
        },
        responses: failureResponses(this.limits),
        headers: HEADERS,
        parameters: PARAMETERS,
      },
    };
  }

  private async describeMethods(): Promise<{ paths: PathsObject; schemas: Record<string, JsonSchema> }> {
    const paths: PathsObject = {};
    const schemas: Record<string, JsonSchema> = {};
    for (const [prefixes, method] of this.methods()) {
      const { operation, schemas: own } = await describeMethod(method);
      Object.assign(schemas, own);
      for (const path of method.paths)
        for (const prefix of prefixes)
          paths[joined(prefix, path)] = {
            post: { operationId: joined(prefix, path).slice(1).replace(/\W+/g, '_'), ...operation },
          };
    }
    return { paths, schemas };
  }

  /** All declared methods, each with the paths of its controller. */
  private *methods(): Generator<[prefixes: string[], method: DeclaredMethod]> {
    for (const { metatype } of this.discovery.getControllers()) {
      if (!metatype) continue;
      const prefixes = [this.reflector.get<string | string[]>('path', metatype)].flat();
      const prototype = metatype.prototype as Record<string, () => unknown>;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method = this.reflector.get<DeclaredMethod | undefined>(
          METHOD_DECLARATION,
          prototype[name] as () => unknown,
        );
        if (method !== undefined) yield [prefixes, method];
      }
    }
  }
}

/** With one slash before each part, as Nest joins them. */
const joined = (prefix: string, path: string): string =>
  `/${prefix}/${path}`.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');

/** Of the other routes that Nest knows the service's own, and those whose author says what they are for. */
function pathsForClients(scanned: PathsObject, methods: PathsObject): PathsObject {
  const others = Object.entries(scanned).filter(([path]) => !(path in methods));
  return Object.fromEntries(
    others.flatMap(([path, item]) => {
      const own = SERVICE_ROUTES[path];
      if (own !== undefined) return [[path, { get: own }]];
      return Object.values(item as object).some(({ summary }: OperationObject) => summary)
        ? [[path, item]]
        : [];
    }),
  );
}
