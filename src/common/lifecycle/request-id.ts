import { randomUUID } from 'node:crypto';
import { type NextFunction, type Request, type Response } from 'express';

export const REQUEST_ID = 'X-Request-ID';

/** What may stand in a log and in a header as it is. */
const HARMLESS = /^[\w.:@/+=-]{1,128}$/;

/** Express middleware: gives each answer the id of its request, the client's own where it is harmless. */
export function identify(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  response.setHeader(REQUEST_ID, typeof given === 'string' && HARMLESS.test(given) ? given : randomUUID());
  next();
}
