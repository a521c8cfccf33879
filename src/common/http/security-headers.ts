import { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';

/** A response is data: a browser that shows it as a page must not load anything. */
const HEADERS = Object.entries({
  'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

/** A page may load only what the service itself serves, has no inline script or style, and must not be framed. */
const PAGE_POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** Express middleware: sets the headers of every response. */
export function setSecurityHeaders(_: Request, response: Response, next: NextFunction): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
  next();
}

/**
 * Express middleware: sets the headers of a page and of the files that it loads.
 * @param directives of its Content-Security-Policy, which override those of all pages
 */
export const pageHeaders = (directives: Readonly<Record<string, string>>): RequestHandler =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { ...PAGE_POLICY, ...directives } },
    // A proxy terminates TLS, so it decides whether browsers must use HTTPS.
    strictTransportSecurity: false,
  });
