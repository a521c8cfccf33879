/**
 * What a page of the service may load: what comes from the service itself, no inline script or style, in no frame.
 * @param more directives of this page, which win over those of all
 * @see https://www.w3.org/TR/CSP3/
 */
export const contentSecurityPolicy = (more: Readonly<Record<string, string>>): string =>
  Object.entries({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self'",
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...more,
  })
    .map((directive) => directive.join(' '))
    .join(';');
