import { tellProgress } from './dom.js';

export interface Received {
  readonly request: XMLHttpRequest;
  readonly body: Blob;
  /** Milliseconds from sending to the last byte. */
  readonly ms: number;
}

/**
 * Sends a body by XMLHttpRequest, since fetch does not tell the progress of sending.
 * @throws DOMException AbortError, NotReadableError if the body is a file that has changed; Error if no response came
 */
export function send(url: string, body: Blob, key: string, signal: AbortSignal): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const startedAt = performance.now();
    request.open('POST', url);
    request.responseType = 'blob';
    request.setRequestHeader('Content-Type', 'application/json');
    if (key !== '') request.setRequestHeader('X-API-Key', key);
    tellProgress('Sending…', 0);
    request.upload.onprogress = ({ loaded, total }) => tellProgress('Sending…', loaded / total);
    request.upload.onload = () => tellProgress('Waiting for the response…');
    request.onprogress = ({ loaded, total, lengthComputable }) =>
      tellProgress('Receiving…', lengthComputable ? loaded / total : undefined);
    request.onerror = () => void whyNoResponse(body).catch(reject);
    request.onload = () => resolve({ request, body: request.response as Blob, ms: performance.now() - startedAt });
    signal.addEventListener('abort', () => {
      request.abort();
      reject(signal.reason as Error);
    });
    request.send(body);
  });
}

async function whyNoResponse(body: Blob): Promise<never> {
  // The file may have changed.
  await body.slice(0, 1).arrayBuffer();
  const isUp = await fetch('health').then(Boolean, () => false);
  throw new Error(
    isUp
      ? 'no response came: the connection ended'
      : `the service is down, or out of reach: nothing answers at ${location.host}`,
  );
}
