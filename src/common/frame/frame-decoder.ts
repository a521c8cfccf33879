import { type Frame } from './frame.js';

/** What a method needs of a body. The rest of the body is checked to be JSON and otherwise ignored. */
export interface FrameSchema {
  /** Names under `param` that matter: none of them may stand twice. Their values are judged by the method's DTO. */
  readonly params: readonly string[];
  /** Names of the needed series. `date` is needed always and not among them. */
  readonly series: readonly string[];
  /** Those of the series that the headers may lack; the frame has no column of them then. */
  readonly optional?: readonly string[];
}

/** A body that is right in form: what stood under the needed params, and the needed columns, `date` first. */
export interface DecodedBody {
  readonly params: Readonly<Record<string, unknown>>;
  readonly frame: Frame;
}

/** What is known of a body before it arrives. */
export interface DecoderOptions {
  /** The length of the whole text in bytes where it is known; room for the rows is taken by it. */
  readonly expectedBytes?: number | undefined;
  /** The longest that the text can become in bytes; room for many rows is taken by it where the length is not known. */
  readonly limitBytes?: number | undefined;
}

/** Reads one body, `{"param": {…}, "scalar": {"headers": […], "data": [[…], …]}}`, from its bytes. */
export interface FrameDecoder {
  /** Takes the next bytes, cut anywhere. Never throws: what is wrong is said by `end`. The chunk may be reused after. */
  push(chunk: Uint8Array): void;
  /**
   * The whole body has been pushed.
   * @throws KasemError the first of: MALFORMED_JSON anywhere; INVALID_BODY; INVALID_HEADERS; MISSING_SERIES; then
   * INVALID_ROW, INVALID_SAMPLE or INVALID_DATE of the first row at fault; INVALID_PARAM of a param that is too long.
   */
  end(): Promise<DecodedBody>;
  /** Gives back at once what is held of a body that nobody needs any more. */
  release(): void;
}
