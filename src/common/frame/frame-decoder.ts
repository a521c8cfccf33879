import { type Frame } from './frame.js';

/** The content of a valid body: the values of the needed params, and the needed columns, `date` first. */
export interface DecodedBody {
  readonly params: Readonly<Record<string, unknown>>;
  readonly frame: Frame;
}

/** What is known about a body before it arrives. */
export interface DecoderOptions {
  /** The length of the whole text in bytes, if known. Columns are allocated for it. */
  readonly expectedBytes?: number | undefined;
  /** The most bytes that the text can have. If its length is unknown and it has many rows, columns are allocated for this. */
  readonly limitBytes?: number | undefined;
}

/** Decodes one body, `{"param": {…}, "scalar": {"headers": […], "data": [[…], …]}}`, from its bytes. */
export interface FrameDecoder {
  /** Takes the next bytes, cut anywhere. Never throws: `end` reports all faults. The caller may reuse the chunk afterwards. */
  push(chunk: Uint8Array): void;
  /**
   * To be called when the whole body has been pushed.
   * @throws KasemError the first of: MALFORMED_JSON anywhere; INVALID_BODY; INVALID_HEADERS; MISSING_SERIES; then
   * INVALID_ROW, INVALID_SAMPLE or INVALID_DATE of the first row at fault; INVALID_PARAM of a param that is too long.
   */
  end(): Promise<DecodedBody>;
  /** Frees the memory of a body that is no longer needed. */
  release(): void;
}
