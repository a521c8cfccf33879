import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { type OpenAPIObject, type OperationObject, type ResponseObject } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { loadCases } from '../../src/cli/cases.js';
import { ERROR_CODES, type ErrorCode } from '../../src/common/errors/error-codes.js';
import { Drain } from '../../src/common/http/drain.js';
import { DifferenceModule } from '../fixtures/difference-method/difference.module.js';
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
import { startService, type Service } from '../support/service.js';

const ROOT = resolve(import.meta.dirname, '../..');
const JSON_TYPE = 'application/json';
const TABLE = Object.entries<ErrorCode>(ERROR_CODES);

type Example = { summary: string; description?: string; value: never };
type Examples = Record<string, Example>;

/** A service and what it says of itself. */
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
    const service = await startService(environment, modules);
    const response = await call(service.url, { method: 'GET', path: '/openapi.json' });
    expect([response.status, response.headers['content-type']]).toEqual([
      200,
      'application/json; charset=utf-8',
    ]);
    return new Described(service, response.text, response.json as unknown as OpenAPIObject);
  }

  operation(path: string, verb: 'get' | 'post'): OperationObject {
    return this.document.paths[path]?.[verb] as OperationObject;
  }

  /** What a pointer leads to, by way of references. */
  at(...keys: readonly string[]): unknown {
    let value: unknown = this.document;
    for (const key of keys) {
      value = (value as Record<string, unknown>)[key];
      const { $ref } = (value ?? {}) as { $ref?: string };
      if ($ref !== undefined) value = this.at(...$ref.slice(2).split('/'));
    }
    return value;
  }

  /** What is wrong with a value by the schema that a pointer leads to. */
  faults(value: unknown, ...keys: readonly string[]): unknown[] {
    const schema = this.at(...keys);
    expect(schema).toBeDefined();
    // References in it are those of the document.
    const validate = this.ajv.compile(absolute(schema) as object);
    validate(value);
    return validate.errors ?? [];
  }

  /** The response is one of those that are described: status, headers, content. */
  expectDescribed(response: Response, path: string, verb: 'get' | 'post'): void {
    const responses = ['paths', path, verb, 'responses', String(response.status)];
    const described = this.at(...responses) as ResponseObject | undefined;
    expect([path, response.status, described]).toEqual([path, response.status, expect.anything()]);
    expect(Object.keys(response.headers)).toEqual(
      expect.arrayContaining(Object.keys(described?.headers ?? {}).map((name) => name.toLowerCase())),
    );
    expect(Object.keys(described?.content ?? {})).toEqual([JSON_TYPE]);
    expect(this.faults(response.json, ...responses, 'content', JSON_TYPE, 'schema')).toEqual([]);
  }
}

/** The same schema with references that say which document they are of. */
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

/** Ends the service that it is part of, but for its server, so that it can be asked further. */
@Module({})
class EndingModule {
  static end: () => Promise<unknown>;

  constructor(drain: Drain) {
    EndingModule.end = () => drain.run(createServer(), { delay: 0, grace: 0 });
  }
}

describe('the description', () => {
  let described: Described;
  beforeAll(async () => {
    described = await Described.start({}, [DifferenceModule]);
  });
  afterAll(() => described.service.close());

  it('is OpenAPI 3.1 in which Redocly CLI finds nothing to say', async () => {
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

  it('has each path, and no page', () => {
    expect(
      Object.entries(described.document.paths).map(([path, item]) => [path, ...Object.keys(item)]),
    ).toEqual([
      ['/difference', 'post'],
      ['/method', 'post'],
      ['/sum', 'post'],
      ['/openapi.json', 'get'],
      ['/health', 'get'],
      ['/health/live', 'get'],
      ['/health/ready', 'get'],
      ['/metrics', 'get'],
    ]);
  });

  it('has each error with its code, its name, and when it happens', () => {
    const choice = described.at('components', 'schemas', 'ErrorCode', 'anyOf') as object[];
    expect(choice.slice(0, -1)).toEqual(
      TABLE.map(([title, { code, when }]) => ({ type: 'integer', const: code, title, description: when })),
    );
    for (const [name, { code, status, managed, when }] of TABLE)
      expect(described.document.info.description).toContain(
        `| ${code} | ${name} | ${managed ? `200 / ${status}` : status} | ${when} |`,
      );
  });

  it('lets a key be given in either way, or none, but for what is open to all', () => {
    expect(described.document.security).toEqual([{ bearer: [] }, { key: [] }, {}]);
    expect(Object.keys(described.at('components', 'securitySchemes') as object)).toEqual(['bearer', 'key']);
    const open = Object.entries(described.document.paths).filter(
      ([, item]) => item.get?.security !== undefined,
    );
    expect(open.map(([path, item]) => [path, item.get?.security])).toEqual(
      ['/openapi.json', '/health', '/health/live', '/health/ready'].map((path) => [path, []]),
    );
  });

  it('has a second method as it is declared', () => {
    const schemas = described.document.components?.schemas;
    expect(schemas?.DifferenceParams).toEqual({
      type: 'object',
      properties: {
        gain: { type: 'number', exclusiveMinimum: 0, description: 'must be above 0; otherwise error 1000' },
        offset: { type: ['number', 'null'], default: 0, description: 'must be a finite number' },
      },
      required: ['gain'],
    });
    const row = (...names: string[]) => names.map((name) => ({ $ref: `#/components/schemas/${name}` }));
    expect(schemas?.DifferenceColumns).toMatchObject({
      properties: {
        headers: { prefixItems: [{ const: 'date' }, { const: 'a_ts' }, { const: 'b_ts' }], items: false },
        data: { items: { prefixItems: row('EpochSeconds', 'Sample', 'Sample'), items: false } },
      },
    });
    expect(schemas?.DifferenceResponse).toMatchObject({
      properties: {
        scalar: {
          properties: {
            headers: { prefixItems: [{ const: 'date' }, { const: 'out_ts' }], items: false },
            data: { items: { prefixItems: row('EpochSeconds', 'Sample'), items: false, minItems: 2 } },
          },
        },
      },
    });
    expect(described.operation('/difference', 'post').description).toContain(
      '| 1000 | The gain is not above 0. |',
    );
  });

  it('has the pair that the contract records', async () => {
    const fixture = async (name: string) =>
      JSON.parse(await readFile(join(ROOT, 'test/fixtures', name), 'utf8')) as object;
    const operation = ['paths', '/method', 'post'];
    const example = ['content', JSON_TYPE, 'examples', 'example1', 'value'];
    expect(described.at(...operation, 'requestBody', ...example)).toEqual(
      await fixture('sample.request.json'),
    );
    expect(described.at(...operation, 'responses', '200', ...example)).toMatchObject(
      await fixture('sample.response.json'),
    );
  });

  it('allows each body that the service takes', () => {
    const taken = loadCases().filter(
      ({ request: { body = '', hex, generated, compress }, expect: { error } }) =>
        error === undefined &&
        body.startsWith('{') &&
        !hex &&
        !generated &&
        !compress &&
        !body.includes('NaN'),
    );
    expect(taken.length).toBeGreaterThanOrEqual(20);
    for (const { name, request } of taken)
      expect([
        name,
        described.faults(JSON.parse(request.body as string), 'components', 'schemas', 'MethodBody'),
      ]).toEqual([name, []]);
  });

  it.each(['/health', '/health/live', '/health/ready', '/openapi.json'])(
    'is true of GET %s',
    async (path) => {
      const response = await call(described.service.url, { method: 'GET', path });
      expect(response.status).toBe(200);
      described.expectDescribed(response, path, 'get');
    },
  );

  it('is true of GET /metrics', async () => {
    const { headers } = await fetch(`${described.service.url}/metrics`);
    expect(
      Object.keys(described.operation('/metrics', 'get').responses['200']?.['content' as never] ?? {}),
    ).toEqual([headers.get('content-type')?.split(';')[0]]);
  });
});

describe.each([
  ['contract', '200'],
  ['http', '422'],
])('each example, with ERROR_HTTP_STATUS=%s,', (ERROR_HTTP_STATUS, refused) => {
  let described: Described;
  beforeAll(async () => {
    described = await Described.start({ ERROR_HTTP_STATUS }, [DifferenceModule]);
  });
  afterAll(() => described.service.close());

  const examples = (path: string, ...keys: readonly string[]) =>
    described.at('paths', path, 'post', ...keys, 'content', JSON_TYPE, 'examples') as Examples;
  const bodyFaults = (path: string, body: unknown) =>
    described.faults(body, 'paths', path, 'post', 'requestBody', 'content', JSON_TYPE, 'schema');

  it.each([
    ['/method', ['example1', 'example2', 'anyOrder']],
    ['/sum', ['example1', 'example2', 'anyOrder']],
    ['/difference', ['example1', 'anyOrder']],
  ])('of a body is taken by %s and answered as described', async (path, names) => {
    const bodies = examples(path, 'requestBody');
    expect(Object.keys(bodies)).toEqual(names);
    for (const [name, { value }] of Object.entries(bodies)) {
      expect(bodyFaults(path, value)).toEqual([]);
      const response = await call(described.service.url, { path, body: JSON.stringify(value) });
      expect([response.status, response.json.error]).toEqual([200, 0]);
      described.expectDescribed(response, path, 'post');
      const example = examples(path, 'responses', '200')[name];
      if (path !== '/difference') expect(response.json).toEqual(example?.value);
    }
  });

  it.each([
    ['/method', [20, 21, 22, 23, 24, 25, 26, 30]],
    ['/difference', [20, 1000, 22, 23, 24, 25, 26, 30]],
  ])('of a refusal is what %s says to the body beside it', async (path, codes) => {
    const refusals = Object.values(examples(path, 'responses', refused)).filter(
      ({ value }: { value: Response['json'] }) => value.error !== 0,
    );
    expect(refusals.map(({ value }: { value: Response['json'] }) => value.error)).toEqual(codes);
    for (const { description, value } of refusals) {
      const shown = /```json\n(.*)\n```/.exec(description ?? '')?.[1];
      const body = shown ?? overflowing(path);
      if (shown !== undefined) expect(bodyFaults(path, JSON.parse(shown))).not.toEqual([]);
      const response = await call(described.service.url, { path, body });
      expect([response.status, response.json]).toEqual([Number(refused), value]);
      described.expectDescribed(response, path, 'post');
    }
  });
});

/** The one body that no declaration tells: its result is past the largest double. */
const overflowing = (path: string): string =>
  path === '/method'
    ? bodyOf([[1, 1.7e308, 1.7e308]])
    : '{"param":{"gain":1},"scalar":{"headers":["date","a_ts","b_ts"],"data":[[1,1.7e308,-1.7e308]]}}';

/** For each error that no body of its own brings about: settings, modules, and a request that does. */
const PROVOCATIONS: Readonly<
  Record<
    string,
    { path: string; request?: Call; environment?: Record<string, string>; module?: Type; busy?: number }
  >
> = {
  MALFORMED_JSON: { path: '/method' },
  UNAUTHORIZED: { path: '/method', environment: { API_KEYS: 'alice:k3y' } },
  NOT_FOUND: { path: '/metrics', request: { method: 'GET' }, environment: { METRICS: 'off' } },
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

/** Has so many bytes of another body in flight. */
async function occupy({ port, url }: Service, bytes: number): Promise<RawRequest> {
  const other = rawRequest(port, [`Content-Length: ${bytes}`]);
  await eventually(async () => (await metric(url, 'kasem_in_flight_bytes')) === countedBytes(bytes));
  return other;
}

describe('the example of', () => {
  const unmanaged = TABLE.filter(([, { managed }]) => !managed).map(([name]) => name);

  const exampleOf = ({ document }: Described, name: string): [response: string, value: unknown] => {
    const [found] = Object.entries(document.components?.responses ?? {}).flatMap(([response, described]) => {
      const example = (described as ResponseObject).content?.[JSON_TYPE]?.examples?.[name] as
        Example | undefined;
      return example === undefined ? [] : [[response, example.value] as [string, unknown]];
    });
    return found as [string, unknown];
  };

  it.each(unmanaged.filter((name) => name !== 'REQUEST_TIMEOUT'))(
    '%s is what the service says',
    async (name) => {
      const { path, request, environment, module, busy } = PROVOCATIONS[
        name
      ] as (typeof PROVOCATIONS)[string];
      const described = await Described.start(environment, module === undefined ? [] : [module]);
      if (module === EndingModule) await EndingModule.end();
      const other = busy === undefined ? undefined : await occupy(described.service, busy);
      const response = await call(described.service.url, { path, ...request });
      other?.close();
      await described.service.close();

      const [, value] = exampleOf(described, name);
      expect(response.json).toEqual(value);
      // Errors that are not of a path are described with each that can have them.
      const verb = path === '/method' ? 'post' : 'get';
      described.expectDescribed(response, path === '/faulty' ? '/metrics' : path, verb);
    },
  );

  it('REQUEST_TIMEOUT is what the service says', async () => {
    const described = await Described.start({ REQUEST_TIMEOUT_MS: '100' });
    const request = rawRequest(described.service.port, ['Content-Length: 9']);
    const text = await request.received(/\}$/);
    request.close();
    await described.service.close();
    const [response, value] = exampleOf(described, 'REQUEST_TIMEOUT');
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual(value);
    expect(described.operation('/method', 'post').responses['408']).toEqual({
      $ref: `#/components/responses/${response}`,
    });
  });
});

describe('the description and its page', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ NODE_ENV: 'production', LOG_LEVEL: 'silent', API_KEYS: 'alice:k3y' });
  });
  afterAll(() => service.close());

  it.each([
    '/openapi.json',
    '/docs',
    '/docs/',
    '/docs/swagger-ui-bundle.js',
    '/docs/docs.js',
    '/docs/docs.css',
  ])('are open without a key, also in production: %s', async (path) => {
    const response = await fetch(`${service.url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:/);
  });

  it.each([
    '/docs/nothing',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/swagger-ui-es-bundle.js',
    '/docs/%2e%2e%2fapi-document.js',
    '/docs/constructor',
    '/docs/a/b',
  ])('have nothing else: %s', async (path) => {
    const response = await call(service.url, { method: 'GET', path });
    expect([response.status, response.json]).toEqual([404, { error: 12, log: `there is no ${path}` }]);
  });

  it('take no POST', async () => {
    const response = await call(service.url, { path: '/docs' });
    expect([response.status, response.json.error, response.headers.allow]).toEqual([405, 13, 'GET, HEAD']);
  });
});
