import uPlot from '../../../uplot/uPlot.esm.js';
import { make } from './dom.js';
import { utc } from './format.js';
import { numberLabels, TIME_LABELS, widthOf } from './plot-labels.js';
import { type Column } from './read.js';
import { type Timeline } from './timeline.js';

export interface PlotSeries extends Column {
  /** A custom property of the style sheet. */
  readonly color: string;
  readonly isShown: boolean;
}

type Extent = [min: number, max: number];

const HEIGHT = 240;

/** A plot's arithmetic overflows past these; more than any screen can tell apart. */
const LARGEST = 1e300;

/** Plots on one axis: the cursor and the zoom of one are those of all. */
export class LinkedPlots {
  private readonly plots = new Map<HTMLElement, Plot>();
  /** Room for the numbers of the vertical axes, the same for all so that their times stand above each other. */
  private axisWidth = 0;
  /** A place of the axis that a line marks. */
  marked: number | undefined;

  /** @param onCursor is told the date and the row under the cursor; nothing where there are none */
  constructor(readonly onCursor: (where: string) => void) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw(false));
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
      columns.push(missing === 0 ? values : withGaps(values));
      progress(columns.length / (series.length + 1));
      await aTurn();
      signal.throwIfAborted();
    }
    this.clear(figure);
    const [other] = this.plots.values();
    const plot = new Plot(this, figure, timeline, series, columns);
    this.plots.set(figure, plot);
    if (other !== undefined) plot.zoom(...other.view);
    await aTurn();
  }

  clear(figure?: HTMLElement): void {
    for (const [key, plot] of this.plots)
      if (figure === undefined || key === figure) {
        plot.destroy();
        this.plots.delete(key);
      }
    if (this.plots.size === 0) this.axisWidth = 0;
  }

  /** Shows all. */
  reset(): void {
    const [plot] = this.plots.values();
    if (plot !== undefined) this.zoom(...plot.extent);
  }

  zoom(min: number, max: number): void {
    for (const plot of this.plots.values()) plot.zoom(min, max);
  }

  mark(at: number | undefined): void {
    this.marked = at;
    this.redraw(false);
  }

  /** Puts the cursors on a place of the axis. */
  point(at: number): void {
    for (const { chart } of this.plots.values())
      chart.setCursor({ left: chart.valToPos(at, 'x'), top: chart.over.clientHeight / 2 }, true);
  }

  /** @returns how wide the axis may be that needs this width */
  align(width: number): number {
    if (width > this.axisWidth) {
      this.axisWidth = width;
      queueMicrotask(() => this.redraw(true));
    }
    return this.axisWidth;
  }

  private redraw(withAxes: boolean): void {
    for (const { chart } of this.plots.values()) chart.redraw(false, withAxes);
  }
}

/** One uPlot with a legend of buttons and keys to move with. */
class Plot {
  readonly chart: uPlot;
  readonly extent: Extent;
  private readonly canvas: HTMLElement;
  private readonly values: readonly HTMLElement[];
  private readonly resized: ResizeObserver;

  constructor(
    private readonly linked: LinkedPlots,
    private readonly figure: HTMLElement,
    private readonly timeline: Timeline,
    private readonly series: readonly PlotSeries[],
    private readonly columns: readonly ArrayLike<number | null>[],
  ) {
    const name = figure.ariaLabel ?? '';
    const [first = 0, last = first] = [timeline.x[0], timeline.x.at(-1)];
    // One point has no extent of its own, and uPlot would give it years.
    this.extent = first === last ? [first - 1, last + 1] : [first, last];
    this.values = series.map(() => make('output', ''));
    const entries = series.map((one, s) => this.legendEntry(one, s));
    this.canvas = make('div', '', {
      className: 'canvas',
      role: 'application',
      tabIndex: 0,
      ariaLabel: name,
      ariaRoleDescription: 'plot',
    });
    this.canvas.setAttribute('aria-describedby', 'keys');
    this.canvas.addEventListener('keydown', (event) => this.onKey(event));
    figure.replaceChildren(make('figcaption', [make('strong', name), ...entries]), this.canvas);
    this.chart = new uPlot(
      this.options(),
      [timeline.x, ...columns] as unknown as uPlot.AlignedData,
      this.canvas,
    );
    this.resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: HEIGHT });
    });
    this.resized.observe(this.canvas);
  }

  /** What is shown of the axis. */
  get view(): Extent {
    const { min, max } = this.chart.scales.x as uPlot.Scale;
    return [min ?? this.extent[0], max ?? this.extent[1]];
  }

  zoom(min: number, max: number): void {
    if (min < max) this.chart.setScale('x', { min, max });
  }

  destroy(): void {
    this.resized.disconnect();
    this.chart.destroy();
    this.figure.replaceChildren();
  }

  private legendEntry({ name, color, isShown }: PlotSeries, s: number): HTMLElement {
    const button = make('button', name, { type: 'button', ariaPressed: String(isShown) });
    button.style.setProperty('--color', `var(${color})`);
    button.addEventListener('click', () => {
      const show = button.ariaPressed !== 'true';
      button.ariaPressed = String(show);
      this.chart.setSeries(s + 1, { show });
    });
    return make('span', [button, new Text(' '), this.values[s] as HTMLElement], { className: 'entry' });
  }

  private options(): uPlot.Options {
    const { isTime, jumps } = this.timeline;
    const axis: uPlot.Axis = {
      stroke: () => this.colorOf('--quiet'),
      grid: { stroke: () => this.colorOf('--grid'), width: 1 },
      ticks: { stroke: () => this.colorOf('--grid'), width: 1, size: 5 },
      font: '12px system-ui, sans-serif',
    };
    return {
      width: Math.max(200, Math.floor(this.canvas.clientWidth)),
      height: HEIGHT,
      padding: [8, 40, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, sync: { key: 'rows', scales: ['x', null] }, y: false },
      scales: {
        x: { time: isTime, range: (_, min, max) => (min === max ? this.extent : [min, max]) },
        y: { range: rangeOf },
      },
      axes: [
        { ...axis, space: 90, values: isTime ? TIME_LABELS : (_, splits) => splits.map(String) },
        {
          ...axis,
          size: (_, texts) => this.linked.align(widthOf(texts ?? [])),
          values: (_, splits) => numberLabels(splits),
        },
      ],
      series: [
        {},
        ...this.series.map(({ name, color, isShown }): uPlot.Series => {
          const stroke = () => this.colorOf(color);
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
        draw: [(chart) => this.drawMark(chart)],
        setCursor: [({ cursor }) => this.tell((cursor.left ?? -1) < 0 ? null : cursor.idx)],
      },
    };
  }

  private drawMark(chart: uPlot): void {
    const { ctx, bbox } = chart;
    const at = chart.valToPos(this.linked.marked ?? NaN, 'x', true);
    if (!(at >= bbox.left && at <= bbox.left + bbox.width)) return;
    ctx.fillStyle = this.colorOf('--bad');
    ctx.fillRect(at - devicePixelRatio, bbox.top, 2 * devicePixelRatio, bbox.height);
  }

  /** A color as the scheme of the system has it now. */
  private colorOf(property: string): string {
    this.canvas.style.color = `var(${property})`;
    return getComputedStyle(this.canvas).color;
  }

  /** Shows the values of a point beside the names. */
  private tell(index: number | null | undefined): void {
    const { x, isTime, order } = this.timeline;
    this.columns.forEach((column, s) => {
      const value = index == null ? '' : (column[index] ?? 'missing');
      (this.values[s] as HTMLElement).textContent = String(value);
    });
    if (index == null) return this.linked.onCursor('');
    const row = `row ${order?.[index] ?? index}`;
    this.linked.onCursor(isTime ? `${utc(x[index] as number)} · ${row}` : row);
  }

  private onKey(event: KeyboardEvent): void {
    const { chart } = this;
    const [first, last] = this.view.map((at) => chart.valToIdx(at)) as Extent;
    const at = chart.cursor.idx ?? undefined;
    // Where more points than pixels are shown, a step is a pixel.
    const step = Math.max(1, Math.round((last - first) / chart.over.clientWidth)) * (event.shiftKey ? 10 : 1);
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.moveTo((at ?? last + step) - step),
      ArrowRight: () => this.moveTo((at ?? first - step) + step),
      Home: () => this.moveTo(first),
      End: () => this.moveTo(last),
      '+': () => this.zoomBy(1 / 2),
      '-': () => this.zoomBy(2),
      Escape: () => this.linked.reset(),
    };
    const action =
      event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key.replace('=', '+')];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  /** Puts the cursor on a point, and takes the view along. */
  private moveTo(index: number): void {
    const { x } = this.timeline;
    const at = x[Math.max(0, Math.min(x.length - 1, index))] as number;
    const [min, max] = this.view;
    if (at < min) this.linked.zoom(at, at + (max - min));
    else if (at > max) this.linked.zoom(at - (max - min), at);
    // A new view holds from the next microtask on.
    queueMicrotask(() => this.linked.point(at));
  }

  /** @param factor below 1 shows less, about the cursor */
  private zoomBy(factor: number): void {
    const [min, max] = this.view;
    const index = this.chart.cursor.idx;
    const about = index == null ? (min + max) / 2 : (this.timeline.x[index] as number);
    const [from, to] = [about - (about - min) * factor, about + (max - about) * factor];
    this.linked.zoom(Math.max(this.extent[0], from), Math.min(this.extent[1], to));
  }
}

/** uPlot breaks a line at null; a typed column, which is quicker, can hold none. */
const withGaps = (values: Float64Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

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
  // uPlot takes them in order, and none may end before the one above.
  let reached = -Infinity;
  return all.sort(([a], [b]) => a - b).map(([start, end]) => [start, (reached = Math.max(reached, end))]);
}

const aTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function rangeOf(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null || !Number.isFinite(min)) return [null, null];
  return uPlot.rangeNum(Math.max(min, -LARGEST), Math.min(max, LARGEST), 0.1, true);
}
