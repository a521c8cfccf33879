/*
 * Sends rows as KASEM does and prints those that come back; on an error prints its log and ends with 1.
 *
 *   node examples/call.ts [URL] [BODY]
 *
 * BODY is a file to send as it is; fetch streams it, so it may be of any length. Node runs this from 22.18 on; README.md
 * has what to do before.
 */
import { openAsBlob } from 'node:fs';

type MethodResponse =
  | { error: 0; log: string; scalar: { headers: string[]; data: [date: number, sum: number | null][] } }
  | { error: number; log: string; scalar?: undefined };

const [url = process.env.KASEM_URL ?? 'http://127.0.0.1:5000/method', path] = process.argv.slice(2);

// A missing sample is null: JSON.stringify writes NaN as null too.
const sample = {
  param: { scale: 25 },
  scalar: {
    headers: ['date', 'e1_ts', 'e2_ts'],
    data: [
      [1420066800.0, 1.2507524347169103, 842.59695878373316],
      [1420066801.0, 17.684785517717145, 503.28803528253366],
      [1420066802.0, 48.464766632981956, 921.17810851017862],
      [1420066803.0, 11.014022077905956, 935.60744493063885],
    ],
  },
};

try {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: path === undefined ? JSON.stringify(sample) : await openAsBlob(path),
  });
  const { scalar, error, log } = (await response.json()) as MethodResponse;
  // A refused body comes with HTTP 200: response.ok would not see it.
  if (scalar === undefined) throw new Error(`error ${error}: ${log}`);
  console.log(log);
  for (const [date, sum] of scalar.data) console.log(date, sum ?? 'missing');
} catch (failure) {
  const { message, cause } = failure as Error;
  console.error(cause instanceof Error ? `${message}: ${cause.message}` : message);
  process.exitCode = 1;
}
