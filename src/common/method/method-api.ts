import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiProperty,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';
import { CODINGS } from '../http/content-codings.js';
import { REQUEST_ID } from '../http/request-context.js';
import { DATE } from '../frame/frame.js';
import { type MethodDeclaration, type MethodExample } from './method-declaration.js';

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

const UNMANAGED = Object.entries<ErrorCode>(ERROR_CODES).filter(([, { managed }]) => !managed);
const headers = { [REQUEST_ID]: { schema: { type: 'string' } } };

/** The response for all errors of one status, but for the managed ones. */
export const failureResponse = (status: number) => ({
  status,
  type: Failure,
  description: UNMANAGED.filter(([, error]) => error.status === status)
    .map(([name, { code, when }]) => `${code} ${name}: ${when}`)
    .join('\n\n'),
  headers,
});

/** Describes a method: what its declaration says, in the frame that all methods share. */
export function ApiMethod({ params, inputs, outputs, examples = [] }: MethodDeclaration<object>) {
  const named = (value: (example: MethodExample) => object) =>
    Object.fromEntries(
      examples.map((one, i) => [`example${i + 1}`, { summary: one.summary, value: value(one) }]),
    );
  const success = object({ scalar: columns(outputs), error: { const: 0 }, log: { type: 'string' } });
  const scalar = (series: readonly string[], data: object) => ({ headers: [DATE, ...series], data });
  const refused = { error: ERROR_CODES.INVALID_BODY.code, log: 'param is missing' };
  const statuses = UNMANAGED.map(([, { status }]) => status).filter((status) => status !== 404);

  return applyDecorators(
    ApiTags('methods'),
    ApiOperation({
      summary: `${outputs.join(', ')} from ${inputs.join(', ')}`,
      description:
        'A missing sample may also be the string `"NaN"`, or the bare token `NaN`, which is not JSON.',
    }),
    ApiHeader({ name: REQUEST_ID, description: 'An id for the log and the response.' }),
    ApiHeader({ name: 'Content-Encoding', enum: [...CODINGS.map(({ name }) => name), 'identity'] }),
    ApiExtraModels(params, Failure),
    ApiBody({
      schema: object({
        param: { $ref: getSchemaPath(params) },
        scalar: { anyOf: [columns(inputs), columnsInAnyOrder(inputs)] },
      }),
      examples: named(({ param, rows }) => ({ param, scalar: scalar(inputs, rows) })),
    }),
    ApiResponse({
      status: 200,
      description: 'Success has `error` 0. With ERROR_HTTP_STATUS=contract, the default, also refusals.',
      headers,
      content: {
        'application/json': {
          schema: { anyOf: [success, { $ref: getSchemaPath(Failure) }] },
          examples: {
            ...named(({ response, log }) => ({ scalar: scalar(outputs, response), error: 0, log })),
            refused: { summary: 'A body without param', value: refused },
          },
        },
      },
    }),
    ApiResponse({
      ...failureResponse(422),
      description: ['Refusals, with ERROR_HTTP_STATUS=http.', ...ownErrors(params)].join('\n\n'),
    }),
    ...[...new Set(statuses)].map((status) => ApiResponse(failureResponse(status))),
  );
}

/** The errors that rules of the params carry. */
const ownErrors = (params: new () => object): string[] =>
  getMetadataStorage()
    .getTargetValidationMetadatas(params, '', false, false)
    .map(({ context }) => (context as { error?: ErrorCode | string } | undefined)?.error)
    .flatMap((error) => (typeof error === 'object' ? `${error.code}: ${error.when}` : []));

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

/** Date first, then the series as declared: only so can JSON Schema tell what each cell is. */
const columns = (series: readonly string[]) => {
  const date = { type: 'number', description: 'Seconds since the Unix epoch, fraction and sign allowed.' };
  const samples = series.map((name) => ({ type: ['number', 'null'], description: `${name}, or missing` }));
  const names = [DATE, ...series].map((name) => ({ type: 'string', enum: [name] }));
  return object({ headers: tuple(names), data: { type: 'array', items: tuple([date, ...samples]) } });
};

/** In another order, or with other columns among them. */
const columnsInAnyOrder = (series: readonly string[]) => {
  const needed = [DATE, ...series].map((name) => ({ contains: { enum: [name] }, maxContains: 1 }));
  return object({
    headers: { type: 'array', items: { type: 'string' }, allOf: needed },
    data: { type: 'array', items: { type: 'array', items: {}, minItems: needed.length } },
  });
};
