import { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';

/** A response is data: a browser that shows one as a page loads nothing for it. */
const HEADERS = Object.entries({
  'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

/** What a page of the service may load: what comes from the service itself, no inline script or style, in no frame. */
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

/** Express middleware: the headers of every response. */
export function setSecurityHeaders(_: Request, response: Response, next: NextFunction): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
  next();
}

/**
 * Express middleware: the headers of a page and of what it loads.
 * @param directives of its Content-Security-Policy, which win over those of all pages
 */
export const pageHeaders = (directives: Readonly<Record<string, string>>): RequestHandler =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { ...PAGE_POLICY, ...directives } },
    // TLS ends elsewhere: whether a site is to be called over it alone is for the proxy to say.
    strictTransportSecurity: false,
  });
