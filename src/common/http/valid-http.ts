import { isIPv6 } from 'node:net';
import { type NextFunction, type Request, type Response } from 'express';
import { ERROR_CODES } from '../errors/error-codes.js';
import { KasemError } from '../errors/kasem.error.js';

const NOT_IMPLEMENTED = { ...ERROR_CODES.BAD_REQUEST, status: 501 };

/** `uri-host [ ":" port ]` of RFC 9110, section 7.2; a bracketed address is checked separately. */
const HOST = /^(?:\[(?<address>[^\]]*)\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

/** Express middleware: refuses requests that Node's parser accepts and RFC 9112 forbids. */
export function refuseInvalidHttp(request: Request, _: Response, next: NextFunction): void {
  next(faultOf(request));
}

function faultOf({ httpVersion, headers, rawHeaders }: Request): KasemError | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return new KasemError('BAD_REQUEST', `expected HTTP/1.1, got HTTP/${httpVersion}`);
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && httpVersion === '1.0')
    return new KasemError('BAD_REQUEST', 'HTTP/1.0 has no Transfer-Encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return new KasemError(NOT_IMPLEMENTED, 'expected the Transfer-Encoding chunked, got another one');

  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (/^host$/i.test(rawHeaders[i] as string)) hosts++;
  if (hosts > 1) return new KasemError('BAD_REQUEST', `expected one Host, got ${hosts}`);
  if (hosts === 0) return httpVersion === '1.1' ? new KasemError('BAD_REQUEST', 'the request has no Host') : undefined;
  const match = HOST.exec(headers.host ?? '');
  const address = match?.groups?.address;
  return match === null || (address !== undefined && !isIPv6(address))
    ? new KasemError('BAD_REQUEST', 'the Host is not a host name or an address, with or without a port')
    : undefined;
}
