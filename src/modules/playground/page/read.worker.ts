import { type ReadReport, type ReadRequest } from './read.js';
import { readSeries } from './series-reader.js';
import { along, timelineOf } from './timeline.js';

/** How many rows are shown as a table. */
const HEAD_ROWS = 10;

const DATE = 'date';

const report = (message: ReadReport): void => self.postMessage(message);

self.addEventListener('message', ({ data }: MessageEvent<ReadRequest>) => {
  read(data).catch((error: unknown) => report({ failure: String(error) }));
});

async function read({ blob, needed }: ReadRequest): Promise<void> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const { columns, indices, ...series } = readSeries(bytes, [DATE, ...needed], (read) => report({ read }));
  const { headers, rows } = series;
  const dated = columns[indices.indexOf(headers.indexOf(DATE))];
  const timeline = timelineOf(dated ?? new Float64Array(rows).fill(NaN));
  const named = columns.map((column, c) => ({
    name: headers[indices[c] as number] ?? `column ${indices[c]}`,
    values: along(column, timeline.order),
    missing: column.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0),
    head: Array.from(column.subarray(0, HEAD_ROWS)),
  }));
  const dates = named.filter(({ name }) => name === DATE);
  const samples = named.filter(({ name }) => name !== DATE);
  report({ result: { ...series, timeline, dates, samples } });
}
