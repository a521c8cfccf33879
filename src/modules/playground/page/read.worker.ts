import { type ReadReport } from './read.js';
import { along, SeriesReader, timelineOf } from './series-reader.js';

/** Enough for the time to go into reading and not into asking for more. */
const CHUNK_BYTES = 4 << 20;

/** How many rows are shown as a table. */
const HEAD_ROWS = 10;

const report = (message: ReadReport, transfer: Transferable[] = []): void =>
  self.postMessage(message, { transfer });

self.addEventListener('message', ({ data }: MessageEvent<Blob>) => {
  read(data).catch((error: unknown) => report({ failure: String(error) }));
});

async function read(blob: Blob): Promise<void> {
  const reader = new SeriesReader();
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    reader.push(new Uint8Array(await blob.slice(at, at + CHUNK_BYTES).arrayBuffer()));
    report({ read: Math.min(at + CHUNK_BYTES, blob.size) / blob.size });
  }
  const { columns, ...series } = reader.finish();
  const headers = headersOf(series.texts['scalar.headers']);
  const timeline = timelineOf(columns[headers.indexOf('date')] ?? new Float64Array(series.rows).fill(NaN));
  const result = {
    ...series,
    timeline,
    columns: columns.map((column, c) => ({
      name: headers[c] ?? `column ${c}`,
      values: along(column, timeline.order),
      missing: column.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0),
      head: Array.from(column.subarray(0, HEAD_ROWS)),
    })),
    headers,
  };
  const buffers = new Set([
    timeline.x.buffer,
    series.rowStarts.buffer,
    ...(timeline.order ? [timeline.order.buffer] : []),
    ...result.columns.map(({ values }) => values.buffer),
  ]);
  report({ result }, [...buffers] as ArrayBuffer[]);
}

/** The names of the columns as far as they are names. */
function headersOf(text: string | undefined): string[] {
  const headers: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(headers) ? headers.map(String) : [];
}
