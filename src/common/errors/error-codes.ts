/** One failure that a client can meet. A code, once published, never changes its meaning. */
export interface ErrorCode {
  /** The integer in `error` of the response. */
  readonly code: number;
  /** The HTTP status. A managed error has it only with ERROR_HTTP_STATUS=http, and is answered with 200 otherwise. */
  readonly status: number;
  /** Understood and refused: a fault of the request that KasemInterface shows to its user. */
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

/** Every failure of the service. A method's own codes start at 1000 and are given to `KasemError` in the same form. */
export const ERROR_CODES = {
  MALFORMED_JSON: unmanaged(
    10,
    400,
    'The body is no JSON text (RFC 8259, UTF-8), is empty, or its compression is broken.',
  ),
  UNAUTHORIZED: unmanaged(11, 401, 'Keys are configured and none of them was given.'),
  NOT_FOUND: unmanaged(12, 404, 'There is no such path.'),
  METHOD_NOT_ALLOWED: unmanaged(13, 405, 'The path is there, the verb is not; Allow says which.'),
  REQUEST_TIMEOUT: unmanaged(14, 408, 'The body did not arrive in time.'),
  PAYLOAD_TOO_LARGE: unmanaged(
    15,
    413,
    'The body, before or after decompression, passes the limit, or alone that of all bodies in flight.',
  ),
  UNSUPPORTED_MEDIA_TYPE: unmanaged(16, 415, 'The content type or the content coding is not one of ours.'),
  BAD_REQUEST: unmanaged(
    17,
    400,
    'The request is not valid HTTP (431 where its headers are too long, 501 for an unknown transfer coding), or a method refused it with an HTTP status of its own.',
  ),
  INVALID_BODY: managed(
    20,
    'Valid JSON without the shape: param, scalar or data missing or of another type, a key twice.',
  ),
  INVALID_PARAM: managed(
    21,
    'A param is missing or is not what the method allows, such as a scale that is no finite number.',
  ),
  INVALID_HEADERS: managed(22, 'headers is missing, is not all text, or has a needed name twice.'),
  MISSING_SERIES: managed(
    23,
    'A needed series or the date is not among the headers; log names which, and what was there.',
  ),
  INVALID_ROW: managed(24, 'A row is no array, or not as long as the headers.'),
  INVALID_SAMPLE: managed(25, 'A sample is neither a number nor missing, or is past the largest double.'),
  INVALID_DATE: managed(26, 'A date is missing, text, or past the largest double.'),
  OVERFLOW: managed(30, 'A result is past the largest double.'),
  INTERNAL: unmanaged(
    50,
    500,
    'A fault of the service; its log holds the cause, under the id of the request.',
  ),
  OVERLOADED: unmanaged(
    51,
    503,
    'More is in flight than the service takes on; Retry-After says when to come back.',
  ),
  SHUTTING_DOWN: unmanaged(52, 503, 'The service is draining; Retry-After says when to come back.'),
} as const satisfies Record<string, ErrorCode>;

export type ErrorName = keyof typeof ERROR_CODES;
