import { type ReadReport, type ReadRequest } from './read.js';
import { readSeries } from './series-reader.js';
import { along, timelineOf } from './timeline.js';

/** How many rows are shown as a table. */
const HEAD_ROWS = 10;

const DATE = 'date';

const report = (message: ReadReport, owned: ArrayBufferLike[] = []): void =>
  self.postMessage(message, { transfer: owned as ArrayBuffer[] });

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
  const arrays = [...named.map(({ values }) => values), timeline.x, timeline.jumps, series.rowStarts];
  // To copy these would hold up the page; the dates may be both a column and the timeline.
  const buffers = new Set(
    [...arrays, ...(timeline.order ? [timeline.order] : [])].map(({ buffer }) => buffer),
  );
  report({ result: { ...series, timeline, dates, samples } }, [...buffers]);
}
