import { DATE } from '../../../common/frame/frame.js';
import { type Column, type Reading, type ReadReport, type ReadRequest } from './read.js';
import { readSeries } from '../../../common/frame/series-reader.js';
import { statisticsOf } from './statistics.js';
import { bodyOfTable, textOf } from './table.js';
import { along, timelineOf } from './timeline.js';

self.addEventListener('message', ({ data, ports: [port] }: MessageEvent<ReadRequest>) => {
  if (port === undefined) return;
  read(data, port).catch((error: unknown) => port.postMessage({ failure: String(error) }));
});

async function read({ blob, needs, table }: ReadRequest, port: MessagePort): Promise<void> {
  const report = (told: ReadReport, buffers: ArrayBuffer[] = []): void => port.postMessage(told, buffers);
  let isStopped = false;
  port.onmessage = () => (isStopped = true);
  report({ read: 0 });
  if (table !== undefined) return report({ result: bodyOfTable(await textOf(blob), table) });
  const reading = readSeries(new Uint8Array(await blob.arrayBuffer()), needs);
  let step = reading.next();
  for (; !step.done; step = reading.next()) {
    report({ read: step.value });
    // Lets a message arrive.
    await new Promise((resolve) => setTimeout(resolve));
    if (isStopped) return;
  }
  const { columns, ...series } = step.value;
  const dates = columns.find(({ name }) => name === DATE)?.values ?? new Float64Array(series.rows).fill(NaN);
  const timeline = timelineOf(dates);
  const known = columns.map(({ name, values }) => {
    const sorted = along(values, timeline.order);
    return { name, values: sorted, ...statisticsOf(sorted, timeline.x) };
  });
  const isShown = ({ name, samples }: Column): boolean =>
    needs === undefined || samples > 0 || [DATE, ...needs.series].includes(name);
  const result: Reading = { ...series, timeline, columns: known.filter(isShown) };
  // Copying would take the page's time and the worker's memory. The timeline may be the column of dates.
  const arrays = [...result.columns.map(({ values }) => values), timeline.x, timeline.order, series.rowStarts];
  const buffers = new Set(arrays.flatMap((array) => (array?.buffer as ArrayBuffer | undefined) ?? []));
  report({ result }, [...buffers]);
}
