/** A failure that a client can get. A published code never changes its meaning. */
export interface ErrorCode {
  /** The integer in `error` of the response. */
  readonly code: number;
  /** The HTTP status. For a managed error it is 200 instead, unless ERROR_HTTP_STATUS=http. */
  readonly status: number;
  /** Whether the request was understood but refused. KasemInterface then shows `log` to its user. */
  readonly managed: boolean;
  /** When it happens, in one sentence. */
  readonly when: string;
}

const unmanaged = (code: number, status: number, when: string): ErrorCode => ({
  code,
  status,
  managed: false,
  when,
});
const managed = (code: number, when: string): ErrorCode => ({ code, status: 422, managed: true, when });

/** All failures of the service. A method's own codes start at 1000 and are passed to `KasemError` in the same form. */
export const ERROR_CODES = {
  MALFORMED_JSON: unmanaged(
    10,
    400,
    'The body is not valid JSON (RFC 8259, UTF-8), is empty, or its compression is broken.',
  ),
  UNAUTHORIZED: unmanaged(11, 401, 'Keys are configured, and no header has one of them.'),
  NOT_FOUND: unmanaged(12, 404, 'There is no such path.'),
  METHOD_NOT_ALLOWED: unmanaged(
    13,
    405,
    'The path does not take this verb, or no path does; the header Allow lists those that are taken.',
  ),
  REQUEST_TIMEOUT: unmanaged(14, 408, 'The request did not arrive in time.'),
  PAYLOAD_TOO_LARGE: unmanaged(
    15,
    413,
    'The body is too long: as sent, decompressed, or alone longer than all bodies in flight may be.',
  ),
  UNSUPPORTED_MEDIA_TYPE: unmanaged(16, 415, 'The content type is not JSON, or the content coding is not supported.'),
  BAD_REQUEST: unmanaged(
    17,
    400,
    'The request is not valid HTTP (431 if its headers are too long, 501 for an unknown transfer coding), or a method refused it with an HTTP status of its own.',
  ),
  INVALID_BODY: managed(
    20,
    'Valid JSON of another shape: param, scalar or data is missing or of another type, or a key appears twice.',
  ),
  INVALID_PARAM: managed(21, 'A param is missing or not allowed, such as a scale that is not a finite number.'),
  INVALID_HEADERS: managed(22, 'headers is missing, has a name that is not a string, or has a needed name twice.'),
  MISSING_SERIES: managed(
    23,
    'headers lacks the date or a needed series; log lists the names that it has, and the nearest one.',
  ),
  INVALID_ROW: managed(24, 'A row is not an array, or not as long as headers.'),
  INVALID_SAMPLE: managed(25, 'A sample is neither a number nor missing, or is past the largest double.'),
  INVALID_DATE: managed(26, 'A date is missing, a string, or past the largest double.'),
  OVERFLOW: managed(30, 'A result is past the largest double.'),
  INTERNAL: unmanaged(50, 500, 'The service failed; its log has the cause under the request id.'),
  OVERLOADED: unmanaged(51, 503, 'Too much is in flight; try again after Retry-After seconds.'),
  SHUTTING_DOWN: unmanaged(52, 503, 'The service is draining; try again after Retry-After seconds.'),
  METHOD_TIMEOUT: unmanaged(53, 503, 'The method did not finish in its time.'),
} as const satisfies Record<string, ErrorCode>;

export type ErrorName = keyof typeof ERROR_CODES;
