import { STATUS_CODES } from 'node:http';
import { type ResponseObject } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode, type ErrorName } from '../../common/errors/error-codes.js';
import { errorResponse } from '../../common/http/kasem-exception.filter.js';
import { KasemError } from '../../common/errors/kasem.error.js';
import { REQUEST_ID } from '../../common/http/request-context.js';
import { type MethodLimits } from '../../common/method/method-limits.js';
import { schemaRef, type JsonSchema } from './json-schema.js';

const TABLE = Object.entries(ERROR_CODES) as [ErrorName, ErrorCode][];
const MANAGED = TABLE.filter(([, { managed }]) => managed);

/** The statuses of the errors that are no managed ones; each has one response of its own. */
export const UNMANAGED_STATUSES = [
  ...new Set(TABLE.filter(([, { managed }]) => !managed).map(([, { status }]) => status)),
];

export const errorName = ({ code }: ErrorCode): string =>
  TABLE.find(([, error]) => error.code === code)?.[0] ?? `ERROR_${code}`;

/** The table of error codes in Markdown. */
export const errorTable = (): string =>
  [
    '| error | name | HTTP | when |',
    '|---|---|---|---|',
    ...TABLE.map(
      ([name, { code, status, managed, when }]) =>
        `| ${code} | ${name} | ${managed ? `200 / ${status}` : status} | ${when} |`,
    ),
  ].join('\n');

/** The schemas of failures: any, and those that are understood and refused. */
export function failureSchemas(): Record<string, JsonSchema> {
  const ofMethod = {
    type: 'integer',
    minimum: 1000,
    title: 'of a method',
    description: 'An error that one method has of its own.',
  };
  const choice = (table: typeof TABLE) => ({ anyOf: [...table.map(errorConst), ofMethod] });
  return {
    ErrorCode: { description: 'A code, once published, never changes its meaning.', ...choice(TABLE) },
    ManagedErrorCode: {
      description: 'The codes of requests that were understood and refused.',
      ...choice(MANAGED),
    },
    Log: {
      type: 'string',
      description: 'For a person: what is wrong and where, or what there was.',
    },
    Failure: failureSchema(schemaRef('ErrorCode')),
    ManagedFailure: failureSchema(schemaRef('ManagedErrorCode')),
  };
}

const failureSchema = (error: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['error', 'log'],
  properties: { error, log: schemaRef('Log') },
});

const errorConst = ([name, { code, when }]: [ErrorName, ErrorCode]): JsonSchema => ({
  type: 'integer',
  const: code,
  title: name,
  description: when,
});

/** The name of the response that a status has under `components`, its reason phrase in one word. */
export const responseName = (status: number): string => (STATUS_CODES[status] ?? '').replace(/\W/g, '');

export const responseRef = (name: string) => ({ $ref: `#/components/responses/${name}` });

/** The responses of all errors that are not managed, and of what no table can know. */
export function failureResponses(limits: MethodLimits): Record<string, ResponseObject> {
  const logs = exampleLogs(limits);
  const responses = UNMANAGED_STATUSES.map((status) => {
    const table = TABLE.filter(([, error]) => !error.managed && error.status === status);
    return [responseName(status), failureResponse(table, logs)];
  });
  return {
    ...(Object.fromEntries(responses) as Record<string, ResponseObject>),
    Failure: {
      description:
        'Any other failure, in the same form; a header of more than 16 KiB is answered with 431 and error 17.',
      headers: headerRefs([REQUEST_ID]),
      content: { 'application/json': { schema: schemaRef('Failure') } },
    },
  };
}

function failureResponse(table: typeof TABLE, logs: Readonly<Record<string, string>>): ResponseObject {
  const answers = table.map(([name]) => errorResponse(new KasemError(name, logs[name] ?? ''), 'http'));
  const codes = table.map(errorConst);
  return {
    description: table.map(([name, { code, when }]) => `${code} ${name}: ${when}`).join('\n\n'),
    headers: headerRefs([
      REQUEST_ID,
      ...new Set(answers.flatMap(({ headers }) => Object.keys(headers)).filter((name) => name in HEADERS)),
      ...(table.some(([name]) => name === 'METHOD_NOT_ALLOWED') ? ['Allow'] : []),
    ]),
    content: {
      'application/json': {
        schema: failureSchema(codes.length === 1 ? (codes[0] as JsonSchema) : { anyOf: codes }),
        examples: Object.fromEntries(
          table.map(([name, { code }], index) => [
            name,
            { summary: `${code} ${name}`, value: answers[index]?.body },
          ]),
        ),
      },
    },
  };
}

/** What `log` says where no body is at fault; a test gets each of them from the service. */
const exampleLogs = (limits: MethodLimits): Readonly<Record<string, string>> => ({
  MALFORMED_JSON: 'the body is empty',
  UNAUTHORIZED: 'a key is needed: Authorization: Bearer <key> or X-API-Key: <key>',
  NOT_FOUND: 'there is no /metrics',
  METHOD_NOT_ALLOWED: '/health does not take POST, only GET, HEAD',
  REQUEST_TIMEOUT: `the body did not arrive within ${limits.requestTimeoutMs} milliseconds`,
  PAYLOAD_TOO_LARGE: `the body is longer than ${limits.maxBodyBytes} bytes`,
  UNSUPPORTED_MEDIA_TYPE: 'the Content-Type must be application/json and is text/plain',
  BAD_REQUEST: 'the Host is not a host name or an address, with or without a port',
  INTERNAL: (errorResponse(new Error(), 'http').body as { log: string }).log,
  OVERLOADED: `with this body more than ${limits.maxInFlightBytes} bytes would be in flight; try again later`,
  SHUTTING_DOWN: 'the service is shutting down',
});

const text = { type: 'string' };

/** The headers of answers. */
export const HEADERS = {
  [REQUEST_ID]: {
    description: 'The id of the request, under which the log of the service has it.',
    schema: text,
    example: '7d9f1c1e-2f4b-4e0e-9c55-0c1f4d2a7c11',
  },
  'Server-Timing': {
    description: 'Milliseconds of receiving the body, decoding it and computing.',
    schema: text,
    example: 'receive;dur=0.812, decode;dur=0.207, compute;dur=0.031',
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer' },
    example: 1,
  },
  'WWW-Authenticate': { description: 'How to give a key.', schema: text, example: 'Bearer' },
  Allow: { description: 'The verbs that the path takes.', schema: text, example: 'GET, HEAD' },
  'Accept-Encoding': {
    description: 'The content codings that a body may have.',
    schema: text,
    example: 'gzip, deflate, br',
  },
};

export const headerRefs = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
