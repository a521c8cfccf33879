/* Posts rows with fetch and prints the returned rows. On an error it prints the log and exits with 1. */
type Sample = number | null;

type MethodResponse =
  | { error: 0; log: string; scalar: { headers: string[]; data: [date: number, sum: Sample][] } }
  | { error: number; log: string; scalar?: undefined };

const [url = 'http://127.0.0.1:5000/method', scale = '25'] = process.argv.slice(2);

async function call(rows: Sample[][]): Promise<void> {
  const scalar = { headers: ['date', 'e1_ts', 'e2_ts'], data: rows };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ param: { scale: Number(scale) }, scalar }),
  });
  const result = (await response.json()) as MethodResponse;

  // A refused body also gets HTTP 200, so response.ok is not enough.
  if (result.scalar === undefined) {
    console.error(`error ${result.error}: ${result.log}`);
    process.exit(1);
  }

  console.log(result.log);
  for (const [date, sum] of result.scalar.data) console.log(date, sum);
}

const rows = (e1: Sample, e2: Sample): Sample[][] => [
  [1420066800.0, 1.2507524347169103, 842.59695878373316],
  [1420066801.0, e1, 503.28803528253366],
  [1420066802.0, 48.464766632981956, e2],
  [1420066803.0, 11.014022077905956, 935.60744493063885],
];
await call(rows(17.684785517717145, 921.17810851017862));
await call(rows(NaN, null)); // missing, either way: JSON.stringify writes NaN as null
