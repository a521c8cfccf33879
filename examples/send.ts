/* Posts a recorded body with fetch and prints the returned rows. On an error it prints the log and exits with 1. */
import { openAsBlob } from 'node:fs';

type MethodResponse =
  | { error: 0; log: string; scalar: { headers: string[]; data: (number | null)[][] } }
  | { error: number; log: string; scalar?: undefined };

const [url = 'http://127.0.0.1:5000/method', file = 'body.json'] = process.argv.slice(2);
const key = process.env.KASEM_KEY;

const response = await fetch(url, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...(key !== undefined && { 'X-API-Key': key }) },
  body: await openAsBlob(file),
});
const result = (await response.json()) as MethodResponse;

// A refused body also gets HTTP 200, so response.ok is not enough.
if (result.scalar === undefined) {
  console.error(`error ${result.error}: ${result.log}`);
  process.exit(1);
}

console.log(result.log);
for (const row of result.scalar.data) console.log(...row);
