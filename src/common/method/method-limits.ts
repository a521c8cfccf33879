/** What a call may take; given by the configuration. */
export abstract class MethodLimits {
  /** The longest body in bytes, as sent and as decompressed. */
  abstract readonly maxBodyBytes: number;
  /** Bytes of all bodies in flight in this process. */
  abstract readonly maxInFlightBytes: number;
  /** Milliseconds for the whole body to arrive. */
  abstract readonly requestTimeoutMs: number;
}
