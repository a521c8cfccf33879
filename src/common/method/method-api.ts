import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiExtension,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiProperty,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';
import { CODINGS } from '../http/content-codings.js';
import { REQUEST_ID } from '../http/request-context.js';
import { DATE } from '../frame/frame.js';
import { exampleBody, type DeclaredMethod, type MethodExample } from './method-declaration.js';
import { dtosOf } from './params.js';

/** The body of every error. */
export class Failure {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'A code of the table; from 1000 on, of a method.',
  })
  readonly error!: number;

  @ApiProperty({ description: 'For a person: what is wrong, and where.' })
  readonly log!: string;
}

/** Errors with a status of their own, whatever ERROR_HTTP_STATUS is, on a path that exists. */
const UNMANAGED = Object.entries<ErrorCode>(ERROR_CODES).filter(
  ([name, { managed }]) => !managed && name !== 'NOT_FOUND',
);
/** The status of refusals, with ERROR_HTTP_STATUS=http. */
const REFUSED = ERROR_CODES.INVALID_BODY.status;
const headers = { [REQUEST_ID]: { schema: { type: 'string' } } };

/**
 * The response for all errors of one status.
 * @param own errors of a method
 */
export const failureResponse = (status: number, own: readonly ErrorCode[] = []) => ({
  status,
  type: Failure,
  description: [
    ...(status === REFUSED ? ['Refusals, with ERROR_HTTP_STATUS=http.'] : []),
    ...UNMANAGED.filter(([, error]) => error.status === status).map(
      ([name, { code, when }]) => `${code} ${name}: ${when}`,
    ),
    ...own.filter((error) => error.status === status).map(({ code, when }) => `${code}: ${when}`),
  ].join('\n\n'),
  headers,
});

/** Describes a method in OpenAPI, from its declaration. */
export function ApiMethod({ declaration, schema, errors }: DeclaredMethod) {
  const { paths, params, outputs, rows = 'same', summary, description, examples = [] } = declaration;
  const { series: inputs, optional = [] } = schema;
  const required = inputs.filter((name) => !optional.includes(name));
  const named = (value: (example: MethodExample) => object) =>
    Object.fromEntries(examples.map((one, i) => [`example${i + 1}`, { summary: one.summary, value: value(one) }]));
  const response = columns(
    outputs,
    rows === 'own'
      ? 'Rows of their own: any number of them, with dates of their own.'
      : 'One row for each row of the request, with its date.',
  );
  const success = object({ scalar: response, error: { const: 0 }, log: { type: 'string' } });
  const refused = { error: ERROR_CODES.INVALID_BODY.code, log: 'param is missing' };
  const unmanaged = UNMANAGED.map(([, error]) => error);
  const statuses = new Set([REFUSED, ...[...unmanaged, ...errors].map(({ status }) => status)]);

  return applyDecorators(
    ApiTags('methods'),
    ApiOperation({
      summary: summary ?? `${outputs.join(', ')} from ${inputs.join(', ')}`,
      ...(description !== undefined && { description }),
    }),
    // For programs such as kasem check: the schemas say the same, but only implicitly.
    ApiExtension('x-kasem', { paths, inputs, optional, outputs, rows }),
    ApiHeader({ name: REQUEST_ID, description: 'An id for the log and the response.' }),
    ApiHeader({ name: 'Content-Encoding', enum: [...CODINGS.map(({ name }) => name), 'identity'] }),
    ApiExtraModels(...dtosOf(params), Failure),
    ApiBody({
      description: [
        ...(optional.length > 0 ? [`${optional.join(', ')} may be left out.`] : []),
        'A missing sample may also be the string `"NaN"`, or the bare token `NaN`, which is not JSON.',
      ].join('\n\n'),
      schema: object({
        param: { $ref: getSchemaPath(params) },
        scalar: {
          anyOf: [
            columns(inputs),
            ...(optional.length > 0 ? [columns(required)] : []),
            columnsInAnyOrder(required, optional),
          ],
        },
      }),
      examples: named((example) => exampleBody(declaration, example)),
    }),
    ApiResponse({
      status: 200,
      description: 'Success has `error` 0. With ERROR_HTTP_STATUS=contract, the default, also refusals.',
      headers,
      content: {
        'application/json': {
          schema: { anyOf: [success, { $ref: getSchemaPath(Failure) }] },
          examples: {
            ...named(({ response: data, log }) => ({
              scalar: { headers: [DATE, ...outputs], data },
              error: 0,
              log,
            })),
            refused: { summary: 'A body without param', value: refused },
          },
        },
      },
    }),
    ...[...statuses].map((status) => ApiResponse(failureResponse(status, errors))),
  );
}

const object = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

const tuple = (prefixItems: readonly object[]) => ({
  type: 'array',
  prefixItems,
  items: false,
  minItems: prefixItems.length,
});

/** The date, then the series in their declared order: with any other order JSON Schema could not describe each cell. */
const columns = (series: readonly string[], description?: string) => {
  const date = { type: 'number', description: 'Seconds since the Unix epoch, fraction and sign allowed.' };
  const samples = series.map((name) => ({ type: ['number', 'null'], description: `${name}, or missing` }));
  const names = [DATE, ...series].map((name) => ({ type: 'string', enum: [name] }));
  const data = { type: 'array', ...(description && { description }), items: tuple([date, ...samples]) };
  return object({ headers: tuple(names), data });
};

/** The columns in any order, and with others among them. */
const columnsInAnyOrder = (required: readonly string[], optional: readonly string[]) => {
  const once = (name: string) => ({ contains: { enum: [name] }, maxContains: 1 });
  const needed = [DATE, ...required].map(once);
  const others = optional.map((name) => ({ ...once(name), minContains: 0 }));
  return object({
    headers: { type: 'array', items: { type: 'string' }, allOf: [...needed, ...others] },
    data: { type: 'array', items: { type: 'array', items: {}, minItems: needed.length } },
  });
};
