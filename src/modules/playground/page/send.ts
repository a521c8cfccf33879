/** What came back, whatever it is. */
export interface Response {
  readonly status: number;
  readonly body: Blob;
  /** Milliseconds from sending to the last byte. */
  readonly ms: number;
  /** Milliseconds of each part that the service tells of in Server-Timing. */
  readonly timings: readonly (readonly [name: string, ms: number])[];
  /** After how many seconds to ask again; NaN where nothing says so. */
  readonly retryAfter: number;
}

/**
 * Sends a body as it is. XMLHttpRequest, since fetch tells nothing of how far sending is.
 * @throws DOMException AbortError; Error where no response came
 */
export function send(
  url: string,
  body: Blob,
  key: string,
  sent: (part: number) => void,
  received: (part: number | undefined) => void,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const startedAt = performance.now();
    request.open('POST', url);
    request.responseType = 'blob';
    request.setRequestHeader('Content-Type', 'application/json');
    if (key !== '') request.setRequestHeader('X-API-Key', key);
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      sent(total === 0 ? 1 : loaded / total),
    );
    request.upload.addEventListener('load', () => sent(1));
    request.addEventListener('progress', ({ loaded, total, lengthComputable }) =>
      received(lengthComputable ? loaded / total : undefined),
    );
    request.addEventListener('error', () => void whyNoResponse(body).then(reject));
    request.addEventListener('load', () =>
      resolve({
        status: request.status,
        body: request.response as Blob,
        ms: performance.now() - startedAt,
        timings: timingsOf(request.getResponseHeader('Server-Timing') ?? ''),
        retryAfter: secondsOf(request.getResponseHeader('Retry-After') ?? ''),
      }),
    );
    signal.addEventListener('abort', () => {
      request.abort();
      reject(signal.reason as Error);
    });
    request.send(body);
  });
}

/** `receive;dur=1.5, decode;dur=2` as https://www.w3.org/TR/server-timing/ has it. */
const timingsOf = (header: string): [string, number][] =>
  [...header.matchAll(/([\w-]+)\s*;\s*dur=([\d.]+)/g)].map(([, name = '', ms]) => [name, Number(ms)]);

/** Seconds, or a date, as RFC 9110, section 10.2.3, has it. */
const secondsOf = (header: string): number =>
  /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);

const succeeds = (attempt: Promise<unknown>): Promise<boolean> => attempt.then(Boolean, () => false);

/** Whether a file can still be read as it was when it was chosen. */
export const isReadable = (blob: Blob): Promise<boolean> => succeeds(blob.slice(0, 1).arrayBuffer());

async function whyNoResponse(body: Blob): Promise<Error> {
  if (!(await isReadable(body))) return new Error('the file has changed while it was sent: choose it again');
  if (await succeeds(fetch('health'))) return new Error('no response came: the connection ended');
  return new Error(`the service is down, or out of reach: nothing answers at ${location.host}`);
}
