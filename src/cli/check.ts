import { ERROR_CODES } from '../common/errors/error-codes.js';
import { DATE } from '../common/frame/frame.js';
import { OUTPUT } from '../modules/time-series/sum.js';
import { bodyOf, expectedRows, type Case } from './cases.js';
import { callHttp, NoResponseError, type HttpResponse } from './http-call.js';

/** What a managed error's status may be: 200, 422, or, of an endpoint whose setting is not known, either. */
export type ErrorHttpStatus = 'contract' | 'http' | 'either';

export interface CheckOptions {
  readonly url: URL;
  readonly errorHttpStatus: ErrorHttpStatus;
  /** Milliseconds in which nothing at all may happen. */
  readonly timeout: number;
  readonly header?: Readonly<Record<string, string>>;
}

/** What came of one case. */
export interface Finding {
  readonly case: Case;
  /** What is wrong, each in a sentence; none where the case holds. */
  readonly faults: readonly string[];
  readonly sent: Buffer;
  /** Without a status, only the beginning of the response came. */
  readonly response?: { readonly status?: number; readonly text: string };
  /** There was not even a connection. */
  readonly isUnreachable: boolean;
}

/** How much is kept of a response that does not end. */
const BEGINNING_BYTES = 4096;

const HEADERS = JSON.stringify([DATE, OUTPUT]);

/** No case's response is longer. */
const MAX_RESPONSE_BYTES = 64 << 20;

export async function checkCase(one: Case, options: CheckOptions): Promise<Finding> {
  const { bytes, pieces } = bodyOf(one);
  const { method = 'POST', headers, suffix = '', at, compress } = one.request;
  const url = new URL(at ?? options.url.href + suffix, options.url);
  const all: Record<string, string | null> = {
    ...options.header,
    'Content-Type': 'application/json',
    ...(compress !== undefined && { 'Content-Encoding': compress }),
    ...(Buffer.isBuffer(pieces) && { 'Content-Length': String(bytes.length) }),
    ...headers,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Record<
    string,
    string
  >;
  const received: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer) => {
    received.push(piece);
    if ((length += piece.length) > MAX_RESPONSE_BYTES) throw new Error('the response has no end');
  };
  const finding = { case: one, sent: bytes, isUnreachable: false };
  try {
    // The longer timeout is for an endpoint that sends byte after byte and never ends.
    const timeouts = { idleMs: options.timeout, timeoutMs: 3 * options.timeout };
    const response = await callHttp({ url, method, headers: given, body: pieces }, { ...timeouts, take });
    const text = Buffer.concat(received).toString();
    const faults = judge(one, response, text, options.errorHttpStatus);
    return { ...finding, faults, response: { status: response.status, text } };
  } catch (error) {
    if (!(error instanceof NoResponseError)) throw error;
    const text = Buffer.concat(received).subarray(0, BEGINNING_BYTES).toString();
    const { message, isUnreachable } = error;
    return { ...finding, faults: [message], isUnreachable, ...(length > 0 && { response: { text } }) };
  }
}

/** What is wrong with a response. */
function judge(
  one: Case,
  { status, headers }: HttpResponse,
  text: string,
  setting: ErrorHttpStatus,
): string[] {
  const { expect } = one;
  const statuses = statusesOf(one, setting);
  const faults: string[] = [];
  if (!statuses.includes(status)) faults.push(`the status is ${status} and not ${statuses.join(' or ')}`);
  const type = String(headers['content-type']);
  if (!/^application\/json\b/i.test(type))
    faults.push(`the content type is ${type} and not application/json`);
  for (const [name, value] of Object.entries(expect.headers ?? {}))
    if (headers[name.toLowerCase()] !== value)
      faults.push(`the header ${name} is ${String(headers[name.toLowerCase()])} and not ${value}`);

  let response: unknown;
  try {
    response = JSON.parse(text);
  } catch (error) {
    return [...faults, `the response is not JSON: ${(error as Error).message}`];
  }
  if (typeof response !== 'object' || response === null) return [...faults, 'the response is no object'];
  const { error, log, scalar } = response as Record<string, unknown>;
  const code = expect.error === undefined ? 0 : ERROR_CODES[expect.error].code;
  if (error !== code)
    faults.push(
      `error is ${JSON.stringify(error)} and not ${code}${expect.error === undefined ? '' : ` (${expect.error})`}`,
    );
  if (typeof log !== 'string') faults.push(`log is ${JSON.stringify(log)} and no text`);
  else if (expect.log !== undefined && !log.includes(expect.log))
    faults.push(`log does not say ${JSON.stringify(expect.log)}: ${JSON.stringify(log)}`);
  if (expect.exact === true && !text.includes(`"data":${expect.data}`))
    faults.push(`the rows are not written as ${expect.data}`);
  const rows = expectedRows(one);
  if (rows !== undefined) faults.push(...judgeRows(scalar, rows));
  return faults;
}

function statusesOf({ expect }: Case, setting: ErrorHttpStatus): number[] {
  if (expect.status !== undefined) return [expect.status];
  if (expect.error === undefined) return [200];
  const { status, managed } = ERROR_CODES[expect.error];
  if (!managed) return [status];
  return { contract: [200], http: [status], either: [200, status] }[setting];
}

function judgeRows(scalar: unknown, expected: readonly (readonly (number | null)[])[]): string[] {
  const { headers, data } = (scalar ?? {}) as { headers?: unknown; data?: unknown };
  if (JSON.stringify(headers) !== HEADERS)
    return [`scalar.headers is ${JSON.stringify(headers)} and not ${HEADERS}`];
  if (!Array.isArray(data)) return ['scalar.data is no array'];
  if (data.length !== expected.length)
    return [`scalar.data has ${data.length} rows and not ${expected.length}`];
  for (const [row, cells] of expected.entries()) {
    const found: unknown = data[row];
    if (!Array.isArray(found) || found.length !== cells.length)
      return [`scalar.data[${row}] is ${JSON.stringify(found)} and not a row of ${cells.length}`];
    for (const [column, value] of cells.entries())
      if (!Object.is(found[column], value))
        return [
          `scalar.data[${row}][${column}] is ${JSON.stringify(found[column])} and not ${JSON.stringify(value)}`,
        ];
  }
  return [];
}
