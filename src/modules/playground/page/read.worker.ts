import { type ReadOrder, type ReadReport } from './read.js';
import { readSeries } from './series-reader.js';
import { bodyParts } from './table.js';
import { along, timelineOf } from './timeline.js';

/** How many rows are shown as a table. */
const HEAD_ROWS = 10;

const report = (message: ReadReport, transfer: Transferable[] = []): void =>
  self.postMessage(message, { transfer });

self.addEventListener('message', ({ data }: MessageEvent<ReadOrder>) => {
  read(data).catch((error: unknown) => report({ failure: String(error) }));
});

async function read({ blob, needed, table }: ReadOrder): Promise<void> {
  if (table !== undefined) return report({ made: new Blob(bodyParts(await blob.text(), table)) });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const { columns, ...series } = readSeries(bytes, (read) => report({ read }), needed);
  const headers = headersOf(series.texts['scalar.headers']);
  const timeline = timelineOf(columns[headers.indexOf('date')] ?? new Float64Array(series.rows).fill(NaN));
  const named = columns.map((column, c) => ({
    name: headers[c] ?? `column ${c}`,
    values: along(column, timeline.order),
    missing: column.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0),
    head: Array.from(column.subarray(0, HEAD_ROWS)),
  }));
  const dates = named.filter(({ name }) => name === 'date');
  const samples = named.filter(({ name }) => name !== 'date');
  // A copy in the worker would stay as long as the worker does.
  const owned = [series.rowStarts, timeline.x, ...named.map(({ values }) => values)];
  const buffers = new Set(owned.map(({ buffer }) => buffer as ArrayBuffer));
  report({ result: { ...series, headers, timeline, dates, samples } }, [...buffers]);
}

/** The names of the columns as far as they are names. */
function headersOf(text: string | undefined): string[] {
  const headers: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(headers) ? headers.map(String) : [];
}
