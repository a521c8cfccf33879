import { DATE } from '../../../common/frame/frame.js';
import { type ReadReport, type ReadRequest } from './read.js';
import { readSeries } from './series-reader.js';
import { bodyOfTable } from './table.js';
import { along, timelineOf } from './timeline.js';

/** How many rows are shown as a table. */
const HEAD_ROWS = 10;

const report = (message: ReadReport, transfer: Transferable[] = []): void =>
  self.postMessage(message, { transfer });

self.addEventListener('message', ({ data }: MessageEvent<ReadRequest>) => {
  read(data).catch((error: unknown) => report({ failure: String(error) }));
});

async function read({ blob, needed, table }: ReadRequest): Promise<void> {
  if (table !== undefined) return report({ made: bodyOfTable(await blob.text(), table) });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const { columns, indices, ...series } = readSeries(bytes, needed, (read) => report({ read }));
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
  // What is copied would hold up the page, and stay in the worker; the dates may be both a column and the timeline.
  const arrays = [...named.map(({ values }) => values), timeline.x, timeline.jumps, series.rowStarts];
  const buffers = new Set(
    [...arrays, ...(timeline.order ? [timeline.order] : [])].map(({ buffer }) => buffer as ArrayBuffer),
  );
  report({ result: { ...series, timeline, dates, samples } }, [...buffers]);
}
