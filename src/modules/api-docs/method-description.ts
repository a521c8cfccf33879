import { type OperationObject } from '@nestjs/swagger';
import { REQUEST_ID } from '../../common/http/request-context.js';
import { DATE } from '../../common/frame/frame.js';
import { type DeclaredMethod } from '../../common/method/method-declaration.js';
import { headerRefs, responseName, responseRef, UNMANAGED_STATUSES } from './failures.js';
import { schemaRef, type JsonSchema } from './json-schema.js';
import { methodExamples } from './method-examples.js';
import { ownErrors, paramsSchema } from './params-schema.js';

/** What the description says of one method: at each of its paths the same. */
export interface MethodDescription {
  readonly operation: OperationObject;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** The schemas of dates and samples, which the methods share. */
export const CELL_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  EpochSeconds: {
    type: 'number',
    description: 'Seconds since the Unix epoch, fraction and sign allowed.',
  },
  Sample: {
    type: ['number', 'null'],
    description: 'An IEEE double, or null where the sample is missing.',
  },
};

const BODY_IN_WORDS = `The columns may stand in any order, and others among them, whatever JSON is in those; each row is as long as
\`headers\`. A sample may also be the bare token \`NaN\`, as Python clients write a missing one, though that is no JSON. Other keys
are ignored; one that matters must not stand twice. A body may be compressed, which \`Content-Encoding\` says.`;

/** All that can be said of a method by its declaration. */
export async function describeMethod(method: DeclaredMethod): Promise<MethodDescription> {
  const name = componentName(method.paths[0] as string);
  const { bodies, answers, refusals } = await methodExamples(method);
  return {
    operation: {
      tags: ['methods'],
      summary: `${method.outputs.join(', ')} from ${method.inputs.join(', ')}`,
      description: inWords(method),
      parameters: ['RequestId', 'ContentEncoding'].map((name) => ({
        $ref: `#/components/parameters/${name}`,
      })),
      requestBody: {
        required: true,
        description: BODY_IN_WORDS,
        content: { 'application/json': { schema: schemaRef(`${name}Body`), examples: bodies } },
      },
      responses: {
        200: {
          description:
            'Success with `error` 0; or, with ERROR_HTTP_STATUS=contract, which is the default, a body that was understood and refused.',
          headers: headerRefs([REQUEST_ID, 'Server-Timing']),
          content: {
            'application/json': {
              schema: { anyOf: [schemaRef(`${name}Answer`), schemaRef('ManagedFailure')] },
              examples: { ...answers, ...refusals },
            },
          },
        },
        422: {
          description: 'A body that was understood and refused, with ERROR_HTTP_STATUS=http.',
          headers: headerRefs([REQUEST_ID, 'Server-Timing']),
          content: { 'application/json': { schema: schemaRef('ManagedFailure'), examples: refusals } },
        },
        ...Object.fromEntries(
          UNMANAGED_STATUSES.filter((status) => status !== 404).map((status) => [
            status,
            responseRef(responseName(status)),
          ]),
        ),
        default: responseRef('Failure'),
      },
    },
    schemas: {
      [`${name}Params`]: paramsSchema(method.params),
      [`${name}Body`]: {
        type: 'object',
        required: ['param', 'scalar'],
        properties: {
          param: schemaRef(`${name}Params`),
          scalar: { oneOf: [schemaRef(`${name}Columns`), schemaRef(`${name}ColumnsInAnyOrder`)] },
        },
      },
      [`${name}Columns`]: columns(method.inputs, 'The columns that are needed, date first, and no others.'),
      [`${name}ColumnsInAnyOrder`]: columnsInAnyOrder(method.inputs),
      [`${name}Answer`]: {
        type: 'object',
        required: ['scalar', 'error', 'log'],
        properties: {
          scalar: columns(
            method.outputs,
            'One row for each row of the body, with the same date, in the same order.',
          ),
          error: { type: 'integer', const: 0 },
          log: schemaRef('Log'),
        },
      },
    },
  };
}

const componentName = (path: string): string =>
  path.replace(/(?:^|\W+)(\w)/g, (_, first: string) => first.toUpperCase()).replace(/\W/g, '');

function inWords({ paths, params }: DeclaredMethod): string {
  const errors = ownErrors(params).map(({ code, when }) => `| ${code} | ${when} |`);
  return [
    `The method of ${paths.map((path) => `\`/${path}\``).join(' and ')}, with or without a slash at the end.`,
    ...(errors.length === 0
      ? []
      : [`Errors of its own:\n\n| error | when |\n|---|---|\n${errors.join('\n')}`]),
  ].join('\n\n');
}

/** Headers and rows in the order that is declared: JSON Schema can tell what each cell is. */
function columns(series: readonly string[], description: string): JsonSchema {
  return {
    type: 'object',
    description,
    required: ['headers', 'data'],
    properties: {
      headers: tuple([DATE, ...series].map((name) => ({ type: 'string', const: name }))),
      data: {
        type: 'array',
        items: tuple([schemaRef('EpochSeconds'), ...series.map(() => schemaRef('Sample'))]),
      },
    },
  };
}

const tuple = (prefixItems: readonly JsonSchema[]): JsonSchema => ({
  type: 'array',
  prefixItems,
  items: false,
  minItems: prefixItems.length,
  maxItems: prefixItems.length,
});

/** Any other headers: which cell is which depends on them, and that JSON Schema can't say. */
function columnsInAnyOrder(series: readonly string[]): JsonSchema {
  const needed = [DATE, ...series];
  return {
    type: 'object',
    description:
      'Columns in another order, or with others among them. Rows are as long as headers; the cells of the needed columns are as in the other form, those of others may be anything.',
    required: ['headers', 'data'],
    properties: {
      headers: {
        type: 'array',
        items: { type: 'string' },
        allOf: needed.map((name) => ({ contains: { const: name }, minContains: 1, maxContains: 1 })),
        not: { const: needed },
      },
      data: { type: 'array', items: { type: 'array', items: {}, minItems: needed.length } },
    },
  };
}
