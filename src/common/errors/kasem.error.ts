import { ERROR_CODES, type ErrorCode, type ErrorName } from './error-codes.js';

/**
 * A failure with an error code. Core code throws it; only the exception filter maps it to HTTP.
 */
export class KasemError extends Error {
  override readonly name = 'KasemError';
  readonly errorCode: ErrorCode;

  /**
   * @param error a name in the table, or a method's own error code from 1000 on
   * @param log what is wrong and where, for the reader of the response's `log`
   */
  constructor(error: ErrorName | ErrorCode, log: string, options?: ErrorOptions) {
    super(log, options);
    this.errorCode = typeof error === 'string' ? ERROR_CODES[error] : error;
  }
}
