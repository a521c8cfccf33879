import { ERROR_CODES, type ErrorCode, type ErrorName } from './error-codes.js';

/**
 * A failure with a place in the table of error codes. Core code throws it; only the exception filter knows what becomes
 * of it over HTTP.
 */
export class KasemError extends Error {
  override readonly name = 'KasemError';
  readonly errorCode: ErrorCode;

  /**
   * @param error a name of the table, or a method's own error code from 1000 on
   * @param log what is wrong and where, for the reader of the response's `log`
   */
  constructor(error: ErrorName | ErrorCode, log: string, options?: ErrorOptions) {
    super(log, options);
    this.errorCode = typeof error === 'string' ? ERROR_CODES[error] : error;
  }
}
