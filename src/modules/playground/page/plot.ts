import uPlot from '../../../uplot/uPlot.esm.js';
import { make } from './dom.js';
import { utc } from './format.js';
import { linePath } from './plot-path.js';
import { numberTicks, rangeAround, timeTicks, widthOf, type NumberRange, type Tick } from './plot-ticks.js';
import { type Column } from './read.js';
import { type Timeline } from './timeline.js';

export interface PlotSeries extends Column {
  /** A custom property of the style sheet. */
  readonly color: string;
  readonly isShown: boolean;
}

type Extent = [min: number, max: number];

const HEIGHT = 240;

const MARK_RADIUS = 2.5;

/** Of the largest number of an axis: narrower ranges have too few doubles to be shown. */
const NARROWEST = 2 ** -50;

/** Plots on one axis: the cursor and the zoom of one are those of all. */
export class LinkedPlots {
  private readonly plots = new Map<HTMLElement, Plot>();
  /** Room for the numbers of the vertical axes, the same for all so that their times stand above each other. */
  private axisWidth = 0;
  /** A place of the axis that a line marks. */
  marked: number | undefined;
  withOutliers = false;

  /** @param onCursor is told the date and the row under the cursor; nothing where there are none */
  constructor(readonly onCursor: (where: string) => void) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw(false));
  }

  /** Draws series in the place of those that were there. */
  show(figure: HTMLElement, timeline: Timeline, series: readonly PlotSeries[]): void {
    this.clear(figure);
    const [other] = this.plots.values();
    const plot = new Plot(this, figure, timeline, series);
    this.plots.set(figure, plot);
    plot.zoom(...(other?.view ?? plot.extent));
  }

  clear(figure?: HTMLElement): void {
    for (const [key, plot] of this.plots)
      if (figure === undefined || key === figure) {
        plot.destroy();
        this.plots.delete(key);
      }
    if (this.plots.size > 0) return;
    this.axisWidth = 0;
    this.withOutliers = false;
  }

  /** Shows all, or all but the outliers. */
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
  private readonly canvas: HTMLElement;
  private readonly values: readonly HTMLElement[];
  private readonly resized: ResizeObserver;
  private vertical: NumberRange = rangeAround(0, 0);

  constructor(
    private readonly linked: LinkedPlots,
    private readonly figure: HTMLElement,
    private readonly timeline: Timeline,
    private readonly series: readonly PlotSeries[],
  ) {
    const name = figure.ariaLabel ?? '';
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
    this.chart = new uPlot(this.options(), [timeline.x, ...series.map(({ values }) => values)], this.canvas);
    this.resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: HEIGHT });
    });
    this.resized.observe(this.canvas);
  }

  /** What is shown of the axis at first, with room for marks at its ends. */
  get extent(): Extent {
    const { x, main } = this.timeline;
    const [first = 0, last = 0] = (this.linked.withOutliers ? [0, x.length - 1] : main).map((at) => x[at]);
    const margin = first === last ? 1 : (last - first) / 100;
    return [first - margin, last + margin];
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
      this.chart.redraw();
    });
    return make('span', [button, new Text(' '), this.values[s] as HTMLElement], { className: 'entry' });
  }

  private options(): uPlot.Options {
    const { isTime } = this.timeline;
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
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false },
        sync: { key: 'rows', scales: ['x', null] },
        y: false,
        points: { bbox: (_, s) => this.pointAtCursor(s - 1) },
        bind: { dblclick: () => () => (this.linked.reset(), null) },
      },
      scales: {
        x: { time: false, range: (_, min, max) => [min, Math.max(max, min + narrowest(min))] },
        y: { range: () => this.rangeInView() },
      },
      axes: [
        {
          ...axis,
          space: 90,
          ...withTicks((min, max, count) =>
            isTime ? timeTicks(min, max, count) : numberTicks({ min, max, exponent: 0 }, count, 1),
          ),
        },
        {
          ...axis,
          size: (_, texts) => this.linked.align(widthOf(texts ?? [])),
          ...withTicks((_, __, count) => numberTicks(this.vertical, count)),
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
            fill: stroke,
            auto: false,
            paths: (_, s, from, to) => this.pathOf(s - 1, from, to),
            points: { show: false, size: 7, stroke, fill: stroke },
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

  /** The range of the values in view, which uPlot's own arithmetic would lose where they are very large or small. */
  private rangeInView(): uPlot.Range.MinMax {
    const [from = 0, to = 0] = this.chart.series[0]?.idxs ?? [];
    let [least, most] = [Infinity, -Infinity];
    this.series.forEach(({ values }, s) => {
      if (this.chart.series[s + 1]?.show !== true) return;
      for (let i = from; i <= to; i++) {
        const value = values[i] as number;
        if (value < least) least = value;
        if (value > most) most = value;
      }
    });
    this.vertical = rangeAround(least, most);
    return [this.vertical.min, this.vertical.max];
  }

  private pathOf(s: number, from: number, to: number): uPlot.Series.Paths {
    const { left, top, width, height } = this.chart.bbox;
    const [first, last] = this.view;
    const { min, max, exponent } = this.vertical;
    const { x, jumps } = this.timeline;
    const across = { px: left, min: first, unit: 1, perUnit: width / (last - first) };
    const up = { px: top + height, min, unit: 10 ** exponent, perUnit: -height / (max - min) };
    const { values } = this.series[s] as PlotSeries;
    return linePath(x, values, [from, to], jumps, across, up, MARK_RADIUS * devicePixelRatio);
  }

  /** Where uPlot puts the point of a series; outside where there is none. */
  private pointAtCursor(s: number): uPlot.BBox {
    const { cursor, over } = this.chart;
    const { min, max, exponent } = this.vertical;
    const at = cursor.idx ?? -1;
    const up = ((this.series[s]?.values[at] ?? NaN) / 10 ** exponent - min) / (max - min);
    const [left, top] = Number.isNaN(up)
      ? [-20, -20]
      : [this.chart.valToPos(this.timeline.x[at] as number, 'x'), over.clientHeight * (1 - up)];
    return { left: left - 3.5, top: top - 3.5, width: 7, height: 7 };
  }

  /** A color as the scheme of the system has it now. */
  private colorOf(property: string): string {
    this.canvas.style.color = `var(${property})`;
    return getComputedStyle(this.canvas).color;
  }

  /** Shows the values of a point beside the names. */
  private tell(index: number | null | undefined): void {
    const { x, isTime, order } = this.timeline;
    this.series.forEach(({ values }, s) => {
      const value = index == null ? '' : (values[index] as number);
      (this.values[s] as HTMLElement).textContent = Number.isNaN(value) ? 'missing' : String(value);
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

const narrowest = (at: number): number => Math.max(1e-6, Math.abs(at) * NARROWEST);

/** Makes uPlot draw these ticks, in the place of those that it would find. */
function withTicks(ticksOf: (min: number, max: number, count: number) => Tick[]): Partial<uPlot.Axis> {
  let ticks: Tick[] = [];
  return {
    incrs: (_, __, min, max, pixels, space) => {
      ticks = ticksOf(min, max, pixels / space);
      // uPlot draws no axis for which it finds no step, and takes any that is large.
      return [1e15];
    },
    splits: () => ticks.map(({ at }) => at),
    values: () => ticks.map(({ label }) => label),
  };
}
