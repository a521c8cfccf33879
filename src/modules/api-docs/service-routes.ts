import { type OperationObject } from '@nestjs/swagger';
import { REQUEST_ID } from '../../common/http/request-context.js';
import { headerRefs, responseRef } from './failures.js';
import { schemaRef, type JsonSchema } from './json-schema.js';

const json = (description: string, schema: JsonSchema) => ({
  description,
  headers: headerRefs([REQUEST_ID]),
  content: { 'application/json': { schema } },
});

const otherwise = {
  405: responseRef('MethodNotAllowed'),
  500: responseRef('InternalServerError'),
  default: responseRef('Failure'),
};

const get = (operation: Omit<OperationObject, 'tags' | 'parameters'>): OperationObject => ({
  tags: ['service'],
  parameters: [{ $ref: '#/components/parameters/RequestId' }],
  ...operation,
});

const health = (operationId: string, summary: string): OperationObject =>
  get({
    operationId,
    summary,
    security: [],
    responses: {
      200: json('All is well.', schemaRef('Health')),
      503: json('Something is not; `error` says what.', schemaRef('Health')),
      ...otherwise,
    },
  });

/** What the service answers beside its methods, by path: GET, without a body. */
export const SERVICE_ROUTES: Readonly<Record<string, OperationObject>> = {
  '/health': health('health', 'Both checks, with detail'),
  '/health/live': health('live', 'The process turns; where it does not answer, restart it'),
  '/health/ready': health('ready', 'It takes work; where it does not, send the work elsewhere'),
  '/metrics': get({
    operationId: 'metrics',
    summary: "What the service counts, in Prometheus' text format",
    responses: {
      200: {
        description: 'Summed over all processes.',
        headers: headerRefs([REQUEST_ID]),
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
      401: responseRef('Unauthorized'),
      404: responseRef('NotFound'),
      503: responseRef('ServiceUnavailable'),
      ...otherwise,
    },
  }),
  '/openapi.json': get({
    operationId: 'description',
    summary: 'This description',
    security: [],
    responses: {
      200: json('OpenAPI 3.1.', { type: 'object' }),
      503: responseRef('ServiceUnavailable'),
      ...otherwise,
    },
  }),
};

const checks: JsonSchema = { type: 'object', additionalProperties: schemaRef('HealthCheck') };

export const HEALTH_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Health: {
    type: 'object',
    required: ['status', 'info', 'error', 'details'],
    properties: {
      status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
      info: { description: 'The checks that are well.', ...checks },
      error: { description: 'The checks that are not.', ...checks },
      details: { description: 'All checks.', ...checks },
    },
  },
  HealthCheck: {
    type: 'object',
    required: ['status'],
    properties: {
      status: { type: 'string', enum: ['up', 'down'] },
      message: { type: 'string' },
      uptimeSeconds: { type: 'integer', description: 'Of live.' },
    },
  },
};
