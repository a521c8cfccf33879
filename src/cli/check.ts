import { ERROR_CODES } from '../common/errors/error-codes.js';
import { withoutNaN } from '../common/frame/body-scan.js';
import { DATE } from '../common/frame/frame.js';
import { bodyOf, expectedRows, SUM, type Case } from './cases.js';
import { callHttp, NoResponseError, type HttpResponse } from './http-call.js';
import { isNear } from './response-reader.js';

/** The allowed status of managed errors: 200, their own, or either if the setting of the endpoint is not known. */
export type ErrorHttpStatus = 'contract' | 'http' | 'either';

export interface CheckOptions {
  readonly url: URL;
  readonly errorHttpStatus: ErrorHttpStatus;
  /** How many milliseconds the connection may be idle. */
  readonly timeout: number;
  readonly header?: Readonly<Record<string, string>>;
}

/** The result of one case. */
export interface Finding {
  readonly case: Case;
  /** What is wrong, each in a sentence. Empty if the case holds. */
  readonly faults: readonly string[];
  readonly sent: Buffer;
  /** Without a status, this is only the beginning of a response. */
  readonly response?: { readonly status?: number; readonly text: string };
  /** Whether the rows are as expected; undefined if the case expects none. */
  readonly rowsHold?: boolean;
  /** Whether not even a connection could be opened. */
  readonly isUnreachable: boolean;
}

/** How much to keep of an incomplete response. */
const BEGINNING_BYTES = 4096;

/** More than the response to any case. */
const MAX_RESPONSE_BYTES = 64 << 20;

export async function checkCase(one: Case, options: CheckOptions): Promise<Finding> {
  const { bytes, pieces } = bodyOf(one);
  const { method = 'POST', headers, suffix = '', at, compress } = one.request;
  const { href } = options.url;
  const url = new URL(at ?? (suffix === '' ? href : href.replace(/\/$/, '') + suffix), href);
  const all: Record<string, string | null> = {
    ...options.header,
    'Content-Type': 'application/json',
    ...(compress !== undefined && { 'Content-Encoding': compress }),
    ...(Buffer.isBuffer(pieces) && { 'Content-Length': String(bytes.length) }),
    ...headers,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Record<string, string>;
  const received: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer) => {
    received.push(piece);
    if ((length += piece.length) > MAX_RESPONSE_BYTES) throw new Error('the response has no end');
  };
  const finding = { case: one, sent: bytes, isUnreachable: false };
  try {
    // The overall timeout is for an endpoint that sends byte after byte without end.
    const timeouts = { idleMs: options.timeout, timeoutMs: 3 * options.timeout };
    const response = await callHttp({ url, method, headers: given, body: pieces }, { ...timeouts, take });
    const text = Buffer.concat(received).toString();
    const judged = judge(one, response, text, options.errorHttpStatus);
    return { ...finding, ...judged, response: { status: response.status, text } };
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
): Pick<Finding, 'faults' | 'rowsHold'> {
  const { expect, level } = one;
  const { code, statuses } = outcomeOf(one, setting);
  const faults: string[] = [];
  if (!statuses.includes(status))
    faults.push(
      `the status is ${status} and not ${statuses.join(' or ')}${headers.location === undefined ? '' : `: a redirect to ${String(headers.location)}`}`,
    );
  const type = String(headers['content-type']);
  if (!/^application\/json\b/i.test(type)) faults.push(`the content type is ${type} and not application/json`);
  for (const [name, value] of Object.entries(expect.headers ?? {}))
    if (headers[name.toLowerCase()] !== value)
      faults.push(`the header ${name} is ${String(headers[name.toLowerCase()])} and not ${value}`);

  const rows = expectedRows(one);
  // False until the rows are compared; undefined if none are expected.
  const rowsHold = rows && false;
  let response: unknown;
  try {
    response = JSON.parse(withoutNaN(text));
  } catch (error) {
    return { faults: [...faults, `the response is not JSON: ${(error as Error).message}`], rowsHold };
  }
  if (typeof response !== 'object' || response === null)
    return { faults: [...faults, 'the response is no object'], rowsHold };
  const { error, log, scalar } = response as Record<string, unknown>;
  // The page of the public example has neither.
  const isOptional = level === 'documented' && code === 0;
  if (error !== code && !(isOptional && error === undefined))
    faults.push(
      `error is ${JSON.stringify(error)} and not ${code}${typeof expect.error === 'string' ? ` (${expect.error})` : ''}`,
    );
  if (typeof log !== 'string') {
    if (!(isOptional && log === undefined)) faults.push(`log is ${JSON.stringify(log)} and no text`);
  } else if (expect.log !== undefined && !log.includes(expect.log))
    faults.push(`log does not say ${JSON.stringify(expect.log)}: ${JSON.stringify(log)}`);
  if (expect.exact === true && !text.includes(`"data":${expect.data}`))
    faults.push(`the rows are not written as ${expect.data}`);
  if (rows === undefined) return { faults };
  const wrong = judgeRows(scalar, rows, expect);
  return { faults: [...faults, ...wrong], rowsHold: wrong.length === 0 };
}

/** The expected error code, and the allowed statuses. */
function outcomeOf({ expect }: Case, setting: ErrorHttpStatus): { code: number; statuses: number[] } {
  if (expect.error === undefined) return { code: 0, statuses: [expect.status ?? 200] };
  const { code, status, managed } =
    typeof expect.error === 'string' ? ERROR_CODES[expect.error] : { code: expect.error, status: 422, managed: true };
  const either = { contract: [200], http: [status], either: [200, status] }[setting];
  return { code, statuses: expect.status === undefined ? (managed ? either : [status]) : [expect.status] };
}

function judgeRows(
  scalar: unknown,
  expected: readonly (readonly (number | null)[])[],
  { columns = [DATE, ...SUM.outputs], tolerance = 0 }: Case['expect'],
): string[] {
  const { headers, data } = (scalar ?? {}) as { headers?: unknown; data?: unknown };
  if (JSON.stringify(headers) !== JSON.stringify(columns))
    return [`scalar.headers is ${JSON.stringify(headers)} and not ${JSON.stringify(columns)}`];
  if (!Array.isArray(data)) return ['scalar.data is no array'];
  if (data.length !== expected.length) return [`scalar.data has ${data.length} rows and not ${expected.length}`];
  for (const [row, cells] of expected.entries()) {
    const found: unknown = data[row];
    if (!Array.isArray(found) || found.length !== cells.length)
      return [`scalar.data[${row}] is ${JSON.stringify(found)} and not a row of ${cells.length}`];
    for (const [column, value] of cells.entries())
      if (!isSame(found[column], value, tolerance))
        return [`scalar.data[${row}][${column}] is ${JSON.stringify(found[column])} and not ${JSON.stringify(value)}`];
  }
  return [];
}

const isSame = (found: unknown, value: number | null, tolerance: number): boolean =>
  typeof found === 'number' && value !== null ? isNear(found, value, tolerance) : found === value;
