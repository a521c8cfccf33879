import uPlot from '../../../uplot/uPlot.esm.js';
import { type Timeline } from './series-reader.js';

export interface PlotSeries {
  readonly name: string;
  readonly values: Float64Array;
  readonly missing: number;
  /** A custom property of the style sheet. */
  readonly color: string;
  readonly isShown: boolean;
}

/** What a cursor says: which row, when, and its values. */
export type CursorListener = (where: { readonly date: string; readonly row: number } | undefined) => void;

const HEIGHT = 240;

/** A plot's arithmetic overflows past these; more than any screen can tell apart. */
const LARGEST = 1e300;

const FONT = '12px system-ui, sans-serif';
const LABEL_WIDTH = 7.5;

const property = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);

/** Plots on one axis: the cursor and the zoom of one are those of all. */
export class LinkedPlots {
  private readonly plots = new Map<HTMLElement, Plot>();
  /** Room for the numbers of the vertical axes, the same for all so that their times stand above each other. */
  private axisWidth = 0;

  constructor(private readonly onCursor: CursorListener) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const plot of this.plots.values()) plot.chart.redraw(false);
    });
  }

  /**
   * Draws series in the place of those that were there.
   * @param progress is told the part that is done, from 0 to 1
   */
  async show(
    figure: HTMLElement,
    timeline: Timeline,
    series: readonly PlotSeries[],
    progress: (part: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const columns: ArrayLike<number | null>[] = [];
    for (const { values, missing } of series) {
      columns.push(await withGaps(values, missing));
      progress(columns.length / (series.length + 1));
      await aTurn();
      signal.throwIfAborted();
    }
    this.clear(figure);
    const plot = new Plot(figure, timeline, series, columns, {
      zoomed: (min, max) => this.zoom(min, max),
      moved: (index) => this.move(index, timeline),
      labelled: (width) => this.align(width),
    });
    const [other] = this.plots.values();
    this.plots.set(figure, plot);
    if (other !== undefined) plot.zoom(...other.zoomedTo);
    await aTurn();
    progress(1);
  }

  clear(figure?: HTMLElement): void {
    for (const [key, plot] of this.plots)
      if (figure === undefined || key === figure) {
        plot.destroy();
        this.plots.delete(key);
      }
    if (this.plots.size === 0) this.axisWidth = 0;
  }

  reset(): void {
    const [plot] = this.plots.values();
    if (plot !== undefined) this.zoom(...plot.extent);
  }

  private align(width: number): number {
    if (width > this.axisWidth) {
      this.axisWidth = width;
      for (const { chart } of this.plots.values()) queueMicrotask(() => chart.redraw(false, true));
    }
    return this.axisWidth;
  }

  private zoom(min: number, max: number): void {
    for (const plot of this.plots.values()) plot.zoom(min, max);
  }

  private move(index: number | null | undefined, { x, isTime, order }: Timeline): void {
    for (const plot of this.plots.values()) plot.tell(index);
    const date = index == null ? undefined : x[index];
    if (index == null || date === undefined) this.onCursor(undefined);
    else this.onCursor({ date: isTime ? `${utc(date)} UTC` : '', row: order?.[index] ?? index });
  }
}

interface PlotEvents {
  zoomed(min: number, max: number): void;
  moved(index: number | null | undefined): void;
  /** @returns how wide the axis may be that needs this width */
  labelled(width: number): number;
}

/** One uPlot with a legend of buttons and keys to move with. */
class Plot {
  readonly chart: uPlot;
  readonly extent: [min: number, max: number];
  private readonly x: Float64Array;
  /** One point has no extent of its own, and uPlot would give it years. */
  private readonly isPoint: boolean;
  private readonly values: HTMLElement[] = [];
  private readonly resized: ResizeObserver;
  private readonly canvas: HTMLElement;

  constructor(
    figure: HTMLElement,
    { x, isTime, jumps }: Timeline,
    private readonly series: readonly PlotSeries[],
    private readonly columns: readonly ArrayLike<number | null>[],
    private readonly events: PlotEvents,
  ) {
    this.x = x;
    this.extent = [x[0] ?? 0, x.at(-1) ?? 0];
    this.isPoint = this.extent[0] === this.extent[1];
    if (this.isPoint) this.extent = [this.extent[0] - 1, this.extent[1] + 1];
    this.canvas = figure.querySelector('.canvas') as HTMLElement;
    figure.querySelector('.legend')?.replaceChildren(...series.map((one, s) => this.legendButton(one, s)));
    this.chart = new uPlot(
      this.options(isTime, jumps),
      [x, ...columns] as unknown as uPlot.AlignedData,
      this.canvas,
    );
    this.canvas.addEventListener('keydown', this.onKey);
    this.resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: HEIGHT });
    });
    this.resized.observe(this.canvas);
  }

  get zoomedTo(): [min: number, max: number] {
    const { min, max } = this.chart.scales.x as uPlot.Scale;
    return [min ?? this.extent[0], max ?? this.extent[1]];
  }

  zoom(min: number, max: number): void {
    const [nowMin, nowMax] = this.zoomedTo;
    if (min < max && (min !== nowMin || max !== nowMax)) this.chart.setScale('x', { min, max });
  }

  /** Shows the values of a point beside the names. */
  tell(index: number | null | undefined): void {
    this.columns.forEach((column, s) => {
      const value = index == null ? undefined : column[index];
      const text = value === undefined ? '' : value === null ? 'missing' : String(value);
      (this.values[s] as HTMLElement).textContent = text;
    });
  }

  destroy(): void {
    this.resized.disconnect();
    this.canvas.removeEventListener('keydown', this.onKey);
    this.chart.destroy();
  }

  private legendButton({ name, color, isShown }: PlotSeries, s: number): HTMLElement {
    const [button, swatch, value] = ['button', 'span', 'output'].map((tag) => document.createElement(tag));
    if (!(button instanceof HTMLButtonElement) || swatch === undefined || value === undefined)
      throw new TypeError();
    button.type = 'button';
    button.ariaPressed = String(isShown);
    swatch.className = 'swatch';
    swatch.style.setProperty('--color', `var(${color})`);
    this.values[s] = value;
    button.append(swatch, name);
    button.addEventListener('click', () => {
      const show = button.ariaPressed !== 'true';
      button.ariaPressed = String(show);
      this.chart.setSeries(s + 1, { show });
    });
    const entry = document.createElement('span');
    entry.className = 'entry';
    entry.append(button, value);
    return entry;
  }

  private options(isTime: boolean, jumps: Uint32Array): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => property('--quiet'),
      grid: { stroke: () => property('--grid'), width: 1 },
      ticks: { stroke: () => property('--grid'), width: 1, size: 5 },
      font: FONT,
    };
    return {
      width: Math.max(200, Math.floor(this.canvas.clientWidth)),
      height: HEIGHT,
      padding: [8, 40, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false },
        sync: { key: 'rows', scales: ['x', null] },
        y: false,
      },
      scales: {
        x: {
          time: isTime,
          range: (_, min, max) => (this.isPoint && min === this.x[0] ? this.extent : [min, max]),
        },
        y: { range: rangeOf },
      },
      axes: [
        { ...axis, space: 90, values: isTime ? TIME_LABELS : (_, splits) => splits.map(String) },
        {
          ...axis,
          size: (_, values) =>
            this.events.labelled(
              22 + LABEL_WIDTH * Math.max(4, ...(values ?? []).map(({ length }) => length)),
            ),
          values: (_, splits, __, ___, increment) => labels(splits, increment),
        },
      ],
      series: [
        {},
        ...this.series.map(({ name, color, isShown }): uPlot.Series => {
          const stroke = () => property(color);
          return {
            label: name,
            stroke,
            show: isShown,
            width: 1.25,
            gaps: (chart, _, from, to, gaps) => withJumps(chart, jumps, from, to, gaps),
            points: { size: 5, stroke, fill: stroke },
          };
        }),
      ],
      hooks: {
        setCursor: [
          ({ cursor }) => this.events.moved(cursor.left === undefined || cursor.left < 0 ? null : cursor.idx),
        ],
        setScale: [
          (_, key) => key === 'x' && this.chart !== undefined && this.events.zoomed(...this.zoomedTo),
        ],
      },
    };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { chart } = this;
    const [min, max] = this.zoomedTo;
    const [first, last] = [chart.valToIdx(min), chart.valToIdx(max)];
    const at = chart.cursor.idx ?? undefined;
    // Where more points than pixels are shown, a step is a pixel.
    const step = Math.max(1, Math.round((last - first) / chart.over.clientWidth)) * (event.shiftKey ? 10 : 1);
    const to: Record<string, () => void> = {
      ArrowLeft: () => this.moveTo((at ?? last + step) - step),
      ArrowRight: () => this.moveTo((at ?? first - step) + step),
      Home: () => this.moveTo(first),
      End: () => this.moveTo(last),
      '+': () => this.zoomBy(1 / 2),
      '=': () => this.zoomBy(1 / 2),
      '-': () => this.zoomBy(2),
      Escape: () => this.events.zoomed(...this.extent),
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : to[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };

  /** Puts the cursor on a point, and takes the view along. */
  private moveTo(index: number): void {
    const { chart, x } = this;
    const to = Math.max(0, Math.min(x.length - 1, index));
    const at = x[to] as number;
    const [min, max] = this.zoomedTo;
    if (at < min) this.events.zoomed(at, at + (max - min));
    else if (at > max) this.events.zoomed(at - (max - min), at);
    // A new view holds from the next microtask on.
    queueMicrotask(() =>
      chart.setCursor({ left: chart.valToPos(at, 'x'), top: chart.over.clientHeight / 2 }, true),
    );
  }

  /** @param factor below 1 shows less, about the cursor */
  private zoomBy(factor: number): void {
    const [min, max] = this.zoomedTo;
    const index = this.chart.cursor.idx;
    const about = index == null ? (min + max) / 2 : (this.x[index] as number);
    const [from, to] = [about - (about - min) * factor, about + (max - about) * factor];
    this.events.zoomed(Math.max(this.extent[0], from), Math.min(this.extent[1], to));
  }
}

/** uPlot breaks a line at null; a typed column, which is quicker, can hold none. */
async function withGaps(values: Float64Array, missing: number): Promise<ArrayLike<number | null>> {
  if (missing === 0) return values;
  const column: (number | null)[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    column.push(Number.isNaN(value) ? null : value);
    // Other work of the page gets its turn.
    if (i % 200_000 === 199_999) await aTurn();
  }
  return column;
}

/** Gaps in a line, in pixels: those of missing samples, and those where there are no rows for long. */
function withJumps(
  chart: uPlot,
  jumps: Uint32Array,
  from: number,
  to: number,
  gaps: uPlot.Series.Gaps,
): uPlot.Series.Gaps {
  const position = (i: number): number => chart.valToPos(chart.data[0][i] as number, 'x', true);
  const all = [...gaps];
  for (const i of jumps) if (i > from && i <= to) all.push([position(i - 1), position(i)]);
  // uPlot takes them in order, each apart from the others.
  const apart: uPlot.Series.Gaps = [];
  for (const [start, end] of all.sort(([a], [b]) => a - b)) {
    const last = apart.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}

const aTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function rangeOf(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null || !Number.isFinite(min)) return [null, null];
  const [low, high] = [Math.max(min, -LARGEST), Math.min(max, LARGEST)];
  return uPlot.rangeNum(low, high, 0.1, true);
}

/** Numbers in as many digits as tell neighbours apart, and few characters. */
function labels(splits: readonly number[], increment: number): string[] {
  const largest = Math.max(...splits.map(Math.abs));
  const magnitude = Math.floor(Math.log10(increment));
  // 0.25 needs a digit more than 0.2.
  const decimals = Math.max(
    0,
    Math.round(increment / 10 ** (magnitude - 1)) === 25 ? 1 - magnitude : -magnitude,
  );
  if (largest < 1e12 && decimals <= 12) {
    const fixed = splits.map((value) => value.toFixed(decimals));
    if (fixed.every(({ length }) => length <= 14)) return fixed;
  }
  const digits = Math.max(0, Math.min(12, Math.ceil(Math.log10(largest / increment))));
  return splits.map((value) => (value === 0 ? '0' : value.toExponential(digits)));
}

/** `2015-01-01 00:00:00`, with milliseconds where there are some. */
export const utc = (seconds: number): string =>
  new Date(seconds * 1e3)
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');

const DAY = '\n{YYYY}-{MM}-{DD}';
const HOUR = 3600;

/** As uPlot wants them: by increment a label, what is added where a new year, month, day, hour or minute begins. */
const TIME_LABELS: (string | number | null)[][] = [
  [365 * 24 * HOUR, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * 24 * HOUR, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [24 * HOUR, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', DAY, null, DAY, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', DAY, null, DAY, null, null, null, 1],
  [0.001, '{HH}:{mm}:{ss}.{fff}', DAY, null, DAY, null, null, null, 1],
];
