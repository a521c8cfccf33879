import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { ApiProperty, type OpenAPIObject, type OperationObject, type ResponseObject } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type as TypeOf } from 'class-transformer';
import { IsNumber, IsOptional, ValidateNested } from 'class-validator';
import { loadCases } from '../../src/cli/cases.js';
import { ERROR_CODES, type ErrorCode } from '../../src/common/errors/error-codes.js';
import { Drain } from '../../src/common/http/drain.js';
import {
  declareMethod,
  KasemMethod,
  type MethodCall,
  type MethodResult,
} from '../../src/common/method/kasem-method.js';
import { MethodModule } from '../../src/common/method/method.module.js';
import { BandEnergyModule } from '../fixtures/methods/band-energy/band-energy.module.js';
import { DifferenceModule } from '../fixtures/methods/difference/difference.module.js';
import { HourlyMeanModule } from '../fixtures/methods/hourly-mean/hourly-mean.module.js';
import { RemainingUsefulLifeModule } from '../fixtures/methods/remaining-useful-life/remaining-useful-life.module.js';
import { RollingMeanModule } from '../fixtures/methods/rolling-mean/rolling-mean.module.js';
import { VirtualSensorModule } from '../fixtures/methods/virtual-sensor/virtual-sensor.module.js';
import {
  bodyOf,
  call,
  eventually,
  metric,
  rawRequest,
  type Response,
  type Call,
  type RawRequest,
  countedBytes,
} from '../support/http.js';
import { startMethods, startService, type Service } from '../support/service.js';

const ROOT = resolve(import.meta.dirname, '../..');
const JSON_TYPE = 'application/json';
const FIXTURES = [
  BandEnergyModule,
  DifferenceModule,
  HourlyMeanModule,
  RemainingUsefulLifeModule,
  RollingMeanModule,
  VirtualSensorModule,
];
const SETTINGS = { VIRTUAL_SENSOR_MODEL: join(ROOT, 'test/fixtures/methods/virtual-sensor/model.json') };
const TABLE = Object.entries<ErrorCode>(ERROR_CODES);

type Examples = Record<string, { value: unknown }>;

/** A service and its OpenAPI description. */
class Described {
  private readonly ajv = new Ajv2020({ strict: false, validateSchema: false });

  private constructor(
    readonly service: Service,
    readonly text: string,
    readonly document: OpenAPIObject,
  ) {
    this.ajv.addSchema(document, 'openapi.json');
  }

  static async start(
    environment: Readonly<Record<string, string>> = {},
    modules: readonly Type[] = [],
  ): Promise<Described> {
    return Described.of(await startService(environment, modules));
  }

  static async of(service: Service): Promise<Described> {
    const response = await call(service.url, { method: 'GET', path: '/openapi.json' });
    expect([response.status, response.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    return new Described(service, response.text, response.json as unknown as OpenAPIObject);
  }

  operation(path: string, verb: 'get' | 'post'): OperationObject {
    return this.document.paths[path]?.[verb] as OperationObject;
  }

  /** The paths with this verb. */
  paths(verb: 'get' | 'post'): string[] {
    return Object.keys(this.document.paths).filter((path) => this.operation(path, verb) !== undefined);
  }

  /** The value at a pointer, with references resolved. */
  at(...keys: readonly string[]): unknown {
    let value: unknown = this.document;
    for (const key of keys) {
      value = (value as Record<string, unknown>)[key];
      const { $ref } = (value ?? {}) as { $ref?: string };
      if ($ref !== undefined) value = this.at(...$ref.slice(2).split('/'));
    }
    return value;
  }

  /** The errors of a value by the schema at a pointer. */
  faults(value: unknown, ...keys: readonly string[]): unknown[] {
    const schema = this.at(...keys);
    expect(schema).toBeDefined();
    // Its references are relative to the document.
    const validate = this.ajv.compile(absolute(schema) as object);
    validate(value);
    return validate.errors ?? [];
  }

  /** Expects that each example of each method fits its schema and gets the described response. Returns their number. */
  async expectExamples(): Promise<number> {
    let sent = 0;
    for (const path of this.paths('post')) {
      const bodies = this.at(...content(path, 'requestBody'), 'examples') as Examples;
      const responses = this.at(...content(path, 'responses', '200'), 'examples') as Examples;
      expect(Object.keys(responses)).toEqual([...Object.keys(bodies), 'refused']);
      for (const [name, { value }] of Object.entries(bodies)) {
        expect(this.faults(value, ...content(path, 'requestBody'), 'schema')).toEqual([]);
        const response = await call(this.service.url, { path, body: JSON.stringify(value) });
        expect([path, name, response.status, response.json]).toEqual([path, name, 200, responses[name]?.value]);
        this.expectDescribed(response, path, 'post');
        sent++;
      }
    }
    return sent;
  }

  /** Expects that the status, headers and content of a response are described. */
  expectDescribed(response: Response, path: string, verb: 'get' | 'post'): void {
    const statuses = ['paths', path, verb, 'responses'];
    const isListed = String(response.status) in (this.at(...statuses) as object);
    const responses = [...statuses, isListed ? String(response.status) : 'default'];
    const described = this.at(...responses) as ResponseObject;
    expect(Object.keys(response.headers)).toEqual(
      expect.arrayContaining(Object.keys(described.headers ?? {}).map((name) => name.toLowerCase())),
    );
    expect(Object.keys(described.content ?? {})).toEqual([JSON_TYPE]);
    expect(this.faults(response.json, ...responses, 'content', JSON_TYPE, 'schema')).toEqual([]);
  }
}

/** The pointer to the content of a method's request or response. */
const content = (path: string, ...keys: readonly string[]): string[] => [
  'paths',
  path,
  'post',
  ...keys,
  'content',
  JSON_TYPE,
];

/** The same schema with references that name their document. */
const absolute = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi.json#/'));

@Controller('faulty')
class FaultyController {
  @Get()
  fault(): never {
    throw new Error('nobody expects this');
  }
}

@Module({ controllers: [FaultyController] })
class FaultyModule {}

/** Drains its service but keeps the server listening, so that the test can still call it. */
@Module({})
class EndingModule {
  static end: () => Promise<unknown>;

  constructor(drain: Drain) {
    EndingModule.end = () => drain.run(createServer());
  }
}

class Band {
  @ApiProperty({ description: 'In hertz.' })
  @IsNumber()
  readonly low!: number;

  @IsOptional()
  @IsNumber()
  readonly high: number = 100;
}

class OptionalParams {
  @ValidateNested()
  @TypeOf(() => Band)
  readonly band!: Band;
}

const OPTIONAL = declareMethod({
  // The second path resembles /health/live.
  paths: ['optional', 'health-live'],
  params: OptionalParams,
  inputs: ['x', { name: 'y', optional: true }],
  outputs: ['out'],
  errors: [{ code: 1800, status: 409, managed: true, when: 'The band is empty.' }],
});

@Controller()
class OptionalController {
  @KasemMethod(OPTIONAL)
  run({ frame }: MethodCall<typeof OPTIONAL>): MethodResult<typeof OPTIONAL> {
    return { out: frame.column('x') };
  }
}

@Module({ imports: [MethodModule], controllers: [OptionalController] })
class OptionalModule {}

describe('the description', () => {
  let described: Described;
  beforeAll(async () => {
    described = await Described.start(SETTINGS, [...FIXTURES, OptionalModule]);
  });
  afterAll(() => described.service.close());

  it('is OpenAPI 3.1 without findings of Redocly CLI', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kasem-openapi-'));
    const file = join(directory, 'openapi.json');
    await writeFile(file, described.text);
    const output = await new Promise<string>((resolve) => {
      const cli = ['node_modules/@redocly/cli/bin/cli.js', 'lint', file, '--format=json'];
      const env = {
        PATH: process.env.PATH,
        REDOCLY_TELEMETRY: 'off',
        REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
      };
      execFile(process.execPath, cli, { cwd: ROOT, env }, (_, stdout) => resolve(stdout));
    });
    await rm(directory, { recursive: true });
    expect(described.document.openapi).toMatch(/^3\.1\./);
    expect((JSON.parse(output) as { problems: unknown[] }).problems).toEqual([]);
  });

  it('has each route of the service except the pages', async () => {
    const { json } = await call(described.service.url, { method: 'GET', path: '/' });
    const { routes } = json as unknown as { routes: { path: string }[] };
    const pages = ['/', '/docs', '/docs/:file'];
    const others = routes.map(({ path }) => path).filter((path) => !pages.includes(path));
    expect(Object.keys(described.document.paths).sort()).toEqual(others);
  });

  it('has each error with its code, its name, and when it happens', () => {
    for (const [name, { code, status, managed, when }] of TABLE)
      expect(described.document.info.description).toContain(
        `| ${code} | ${name} | ${managed ? `200 / ${status}` : status} | ${when} |`,
      );
  });

  it('allows a key in either header, or none, and asks for none if the service does not', async () => {
    expect(described.document.security).toEqual([{ bearer: [] }, { key: [] }, {}]);
    expect(Object.keys(described.at('components', 'securitySchemes') as object)).toEqual(['bearer', 'key']);
    const locked = await startService({ API_KEYS: 'alice:k3y' });
    for (const path of described.paths('get')) {
      const { status } = await fetch(`${locked.url}${path}`);
      expect([path, described.operation(path, 'get').security]).toEqual([path, status === 401 ? undefined : [{}]]);
    }
    await locked.close();
  });

  it('has a second method as it is declared', () => {
    expect(described.document.components?.schemas?.DifferenceParams).toEqual({
      type: 'object',
      properties: {
        gain: { type: 'number', exclusiveMinimum: 0 },
        offset: {
          anyOf: [{ type: 'number' }, { type: 'null' }],
          default: 0,
          description: 'Added to each result.',
        },
      },
      required: ['gain'],
    });
    const name = (name: string) => ({ enum: [name] });
    const [date, sample] = [{ type: 'number' }, { type: ['number', 'null'] }];
    expect(described.at(...content('/difference', 'requestBody'), 'schema')).toMatchObject({
      properties: {
        param: { $ref: '#/components/schemas/DifferenceParams' },
        scalar: {
          anyOf: [
            {
              properties: {
                headers: { prefixItems: [name('date'), name('a_ts'), name('b_ts')], items: false },
                data: { items: { prefixItems: [date, sample, sample], items: false } },
              },
            },
            {},
          ],
        },
      },
    });
    expect(described.at(...content('/difference', 'responses', '200'), 'schema')).toMatchObject({
      anyOf: [
        {
          properties: {
            scalar: {
              properties: {
                headers: { prefixItems: [name('date'), name('out_ts')], items: false },
                data: { items: { prefixItems: [date, sample], items: false, minItems: 2 } },
              },
            },
          },
        },
        { $ref: '#/components/schemas/Failure' },
      ],
    });
    const { responses } = described.operation('/difference', 'post');
    expect(responses['422']).toMatchObject({
      description: expect.stringContaining('1000: The gain is not above 0.'),
    });
  });

  it('has the texts of a declaration, and says that its rows are its own', () => {
    const operation = described.operation('/hourly-mean', 'post');
    expect(operation.summary).toBe('The mean of each hour');
    expect(operation.description).toBe('Each row is dated by the beginning of its hour.');
    const data = (path: string) =>
      described.at(
        ...content(path, 'responses', '200'),
        ...['schema', 'anyOf', '0', 'properties', 'scalar', 'properties', 'data', 'description'],
      );
    expect(data('/hourly-mean')).toMatch(/^Rows of their own/);
    expect(data('/method')).toMatch(/^One row for each row/);
    expect(described.at('components', 'schemas', 'HourlyMeanParams', 'properties')).toEqual({
      minSamples: {
        anyOf: [{ type: 'integer', multipleOf: 1, minimum: 1 }, { type: 'null' }],
        default: 1,
        description: 'An hour with fewer samples has no row.',
      },
    });
  });

  it('has nested params with their descriptions, and allows null for optional ones', () => {
    expect(described.at('components', 'schemas', 'Band')).toEqual({
      type: 'object',
      properties: {
        low: { type: 'number', description: 'In hertz.' },
        high: { anyOf: [{ type: 'number' }, { type: 'null' }], default: 100 },
      },
      required: ['low'],
    });
  });

  it('has an error of a method under its status', () => {
    expect(described.operation('/optional', 'post').responses).toMatchObject({
      409: { description: '1800: The band is empty.' },
      422: { description: 'Refusals, with ERROR_HTTP_STATUS=http.' },
    });
  });

  it.each([
    [['date', 'x', 'y'], true],
    [['date', 'x'], true],
    [['x', 'y', 'date'], true],
    [['x', 'other', 'date'], true],
    [['date', 'y'], false],
    [['y', 'date', 'y', 'x'], false],
  ])('accepts the headers %j if the service does, with an optional y', async (headers, isTaken) => {
    const body = { param: { band: { low: 1 } }, scalar: { headers, data: [headers.map((_, i) => i)] } };
    const { json } = await call(described.service.url, { path: '/optional', body: JSON.stringify(body) });
    expect(json.error === 0).toBe(isTaken);
    const faults = described.faults(body, ...content('/optional', 'requestBody'), 'schema');
    expect(faults.length === 0).toBe(isTaken);
  });

  it('has the recorded pair of the contract', async () => {
    const fixture = async (name: string) =>
      JSON.parse(await readFile(join(ROOT, 'test/fixtures', name), 'utf8')) as object;
    const example = ['examples', 'example1', 'value'];
    expect(described.at(...content('/method', 'requestBody'), ...example)).toEqual(
      await fixture('sample.request.json'),
    );
    expect(described.at(...content('/method', 'responses', '200'), ...example)).toMatchObject(
      await fixture('sample.response.json'),
    );
  });

  it('allows each body that the service accepts', () => {
    const taken = loadCases().filter(
      ({ request: { body = '', hex, generated, compress }, expect: { error } }) =>
        error === undefined && body.startsWith('{') && !hex && !generated && !compress && !body.includes('NaN'),
    );
    expect(taken.length).toBeGreaterThanOrEqual(20);
    for (const { name, request } of taken)
      expect([
        name,
        described.faults(JSON.parse(request.body as string), ...content('/method', 'requestBody'), 'schema'),
      ]).toEqual([name, []]);
  });

  it('describes each GET correctly', async () => {
    for (const path of described.paths('get')) {
      const { responses } = described.operation(path, 'get');
      const { content = {} } = responses['200'] as ResponseObject;
      const { headers, status } = await fetch(`${described.service.url}${path}`);
      expect([path, status, Object.keys(content)]).toEqual([path, 200, [headers.get('content-type')?.split(';')[0]]]);
      if (JSON_TYPE in content)
        described.expectDescribed(await call(described.service.url, { method: 'GET', path }), path, 'get');
    }
  });
});

describe('the methods that the service has', () => {
  it('accept each of their examples and respond as described', async () => {
    const described = await Described.of(await startMethods());
    await described.expectExamples();
    await described.service.close();
  });
});

describe.each([
  ['contract', 200],
  ['http', 422],
])('with ERROR_HTTP_STATUS=%s,', (ERROR_HTTP_STATUS, refused) => {
  let described: Described;
  beforeAll(async () => {
    described = await Described.start({ ...SETTINGS, ERROR_HTTP_STATUS }, FIXTURES);
  });
  afterAll(() => described.service.close());

  it('each example gets the described response', async () => {
    expect(await described.expectExamples()).toBeGreaterThanOrEqual(FIXTURES.length);
  });

  it('the refusal of each method is as described', async () => {
    for (const path of described.paths('post')) {
      const responses = described.at(...content(path, 'responses', '200'), 'examples') as Examples;
      expect(described.faults({}, ...content(path, 'requestBody'), 'schema')).not.toEqual([]);
      const response = await call(described.service.url, { path, body: '{}' });
      expect([path, response.status, response.json]).toEqual([path, refused, responses.refused?.value]);
      described.expectDescribed(response, path, 'post');
    }
  });
});

/** The request, settings and modules that provoke each error that a body cannot cause. */
const PROVOCATIONS: Readonly<
  Record<string, { path: string; request?: Call; environment?: Record<string, string>; module?: Type; busy?: number }>
> = {
  MALFORMED_JSON: { path: '/method' },
  UNAUTHORIZED: { path: '/method', environment: { API_KEYS: 'alice:k3y' } },
  METHOD_NOT_ALLOWED: { path: '/health' },
  PAYLOAD_TOO_LARGE: { path: '/method', request: { body: bodyOf([]) }, environment: { MAX_BODY_BYTES: '9' } },
  UNSUPPORTED_MEDIA_TYPE: { path: '/method', request: { headers: { 'Content-Type': 'text/plain' } } },
  BAD_REQUEST: { path: '/method', request: { headers: { Host: 'a b' } } },
  OVERLOADED: {
    path: '/method',
    request: { body: bodyOf([]) },
    environment: { MAX_IN_FLIGHT_BYTES: '999' },
    busy: 999,
  },
  SHUTTING_DOWN: { path: '/method', request: { body: bodyOf([]) }, module: EndingModule },
  INTERNAL: { path: '/faulty', request: { method: 'GET' }, module: FaultyModule },
};

/** Keeps this many bytes of another body in flight. */
async function occupy({ port, url }: Service, bytes: number): Promise<RawRequest> {
  const other = rawRequest(port, [`Content-Length: ${bytes}`]);
  await eventually(async () => (await metric(url, 'kasem_in_flight_bytes')) === countedBytes(bytes));
  return other;
}

describe('the description has the response to', () => {
  it.each(Object.entries(PROVOCATIONS))('%s', async (name, { path, request, environment, module, busy }) => {
    const described = await Described.start(environment, module === undefined ? [] : [module]);
    if (module === EndingModule) await EndingModule.end();
    const other = busy === undefined ? undefined : await occupy(described.service, busy);
    const response = await call(described.service.url, { path, ...request });
    other?.close();
    await described.service.close();

    const { code, status } = ERROR_CODES[name as keyof typeof ERROR_CODES];
    expect([response.status, response.json.error]).toEqual([status, code]);
    described.expectDescribed(response, path, path === '/method' ? 'post' : 'get');
  });
});

describe('the description and its page', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ NODE_ENV: 'production', LOG_LEVEL: 'silent', API_KEYS: 'alice:k3y' });
  });
  afterAll(() => service.close());

  it.each(['/openapi.json', '/docs', '/docs/', '/docs/swagger-ui-bundle.js', '/docs/docs.js', '/docs/docs.css'])(
    'are open without a key, also in production: %s',
    async (path) => {
      const response = await fetch(`${service.url}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:/);
    },
  );

  it.each([
    '/docs/nothing',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/swagger-ui-es-bundle.js',
    '/docs/%2e%2e%2fapi-document.js',
    '/docs/constructor',
    '/docs/a/b',
  ])('have no other file: %s', async (path) => {
    const response = await call(service.url, { method: 'GET', path });
    expect([response.status, response.json]).toEqual([404, { error: 12, log: `there is no ${path}` }]);
  });

  it('take no POST', async () => {
    const response = await call(service.url, { path: '/docs' });
    expect([response.status, response.json.error, response.headers.allow]).toEqual([405, 13, 'GET, HEAD']);
  });
});
