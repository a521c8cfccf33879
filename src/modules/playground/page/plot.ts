import uPlot from '../../../uplot/uPlot.esm.js';
import { button, make } from './dom.js';
import { onGestures } from './gestures.js';
import { numeral, whenAt } from './format.js';
import { linePath } from './plot-path.js';
import { numberAxis, rangeAround, rowAxis, timeAxis, type NumberRange } from './plot-ticks.js';
import { type Column } from './read.js';
import { outliersOf, pointAt, rowOf, type Extent, type Timeline } from './timeline.js';

export interface PlotSeries extends Pick<Column, 'name' | 'values'> {
  /** The name of a CSS custom property. */
  readonly color: string;
  isShown: boolean;
  /** For a recorded series the name of the series that it is compared with. It shares its axis, and is drawn below it. */
  readonly recordedFor?: string;
}

interface Axis {
  readonly members: readonly PlotSeries[];
  range: NumberRange;
  width: number;
}

const HEIGHT = 240;
const MARK_RADIUS = 2.5;
/** The least width of a vertical axis, and the width of a character of its labels. */
const [AXIS_WIDTH, CHARACTER_WIDTH] = [68, 7.5];
/** The narrowest view, relative to its dates: a narrower one has too few doubles. */
const NARROWEST = 2 ** -50;
/** How many points are shown on each side of a point that is visited. */
const BESIDE = 25;

/** Plots that share the horizontal axis, its view and the cursor. */
export class LinkedPlots {
  private readonly plots = new Map<HTMLElement, Plot>();
  /** The part of the axis that is shown. */
  view: Extent = [0, 1];
  private readonly earlierViews: Extent[] = [];
  /** The width of all vertical axes of a plot. It is the same in each plot, so that times are aligned. */
  private axisWidth = 0;
  /** Where a vertical line marks a fault. */
  marked = NaN;
  /** The point that was gone to; others may have the same date. */
  wanted = -1;
  withOutliers = false;
  hasOwnAxes = false;
  /** Called with the points in view of a timeline, and with the point under the cursor, if any. */
  onView = (_timeline: Timeline, _inView: Extent, _point?: number): void => undefined;

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
  }

  show(figure: HTMLElement, timeline: Timeline, series: readonly PlotSeries[]): void {
    const isWhole = this.plots.size === 0 || this.view.join() === this.extent.join();
    this.plots.get(figure)?.destroy();
    this.plots.set(figure, new Plot(this, figure, timeline, series));
    // A view of everything grows with the new plot.
    this.zoom(...(isWhole ? this.extent : this.view));
  }

  /** Draws recorded values, by the names of their series, below a plot's own. */
  overlay(figure: HTMLElement, recorded: ReadonlyMap<string, Float64Array>): void {
    const { timeline, series = [] } = this.plots.get(figure) ?? {};
    const own = series.filter(({ recordedFor }) => recordedFor === undefined);
    const below = own.flatMap((one) => {
      const [name, values] = [`${one.name} recorded`, recorded.get(one.name)];
      return values ? { ...one, name, values, color: '--recorded', recordedFor: one.name } : [];
    });
    if (timeline !== undefined) this.show(figure, timeline, [...below, ...own]);
  }

  setOwnAxes(hasOwnAxes: boolean): void {
    this.hasOwnAxes = hasOwnAxes;
    this.axisWidth = 0;
    for (const [figure, { timeline, series }] of this.plots) this.show(figure, timeline, series);
  }

  clear(figure?: HTMLElement): void {
    for (const key of figure === undefined ? this.plots.keys() : [figure]) {
      this.plots.get(key)?.destroy();
      this.plots.delete(key);
    }
    if (this.plots.size > 0) return;
    this.axisWidth = 0;
    this.withOutliers = false;
    this.earlierViews.length = 0;
  }

  /** The number of dates that are far from all others, in the plot with most of them. */
  get outliers(): number {
    return Math.max(0, ...Array.from(this.plots.values(), ({ timeline }) => outliersOf(timeline)));
  }

  /** The whole axis, with or without the outliers, and with room for marks at its ends. */
  private get extent(): Extent {
    const ends = [...this.plots.values()].flatMap(({ timeline: { x, main } }) =>
      (this.withOutliers ? [0, x.length - 1] : main).map((point) => x[point] as number),
    );
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    const margin = first === last ? 1 : (last - first) / 100;
    return [first - margin, last + margin];
  }

  private zoom(min: number, max: number): void {
    if (!(min < max)) return;
    this.view = [min, max];
    for (const { chart } of this.plots.values()) {
      const { x } = chart.scales;
      // uPlot redraws even if nothing changes.
      if (x?.min !== min || x.max !== max) chart.setScale('x', { min, max });
    }
  }

  /** Zooms, but not beyond the data. @returns whether the view changes */
  zoomWithin(min: number, max: number): boolean {
    const [[first, last], [from, to]] = [this.extent, this.view];
    const [least, most] = [Math.min(first, from), Math.max(last, to)];
    const span = Math.min(max - min, most - least);
    const start = Math.max(least, Math.min(min, most - span));
    this.zoom(start, start + span);
    return start !== from || start + span !== to;
  }

  /** Moves the view by a part of its width. */
  pan(part: number): boolean {
    const [min, max] = this.view;
    return this.zoomWithin(min + (max - min) * part, max + (max - min) * part);
  }

  /** Zooms about a place, or about the middle. A factor below 1 shows less. */
  zoomBy(factor: number, about?: number): boolean {
    const [min, max] = this.view;
    const at = about ?? (min + max) / 2;
    return this.zoomWithin(at - (at - min) * factor, at + (max - at) * factor);
  }

  /** Shows the points from `from` to `to` and some on each side, with the cursor on one. */
  visit(x: Float64Array, from: number, to: number, point = from): void {
    const at = (i: number): number => x[Math.max(0, Math.min(x.length - 1, i))] as number;
    const margin = (at(to) - at(from)) / 4;
    this.remember();
    this.zoom(Math.min(at(from - BESIDE), at(from) - margin), Math.max(at(to + BESIDE), at(to) + margin));
    this.goTo(x, point);
  }

  /** Puts the cursors on a point, and moves the view there if it is out of view. */
  goTo(x: Float64Array, point: number): void {
    const at = x[point] as number;
    this.wanted = point;
    const [min, max] = this.view;
    const half = (max - min) / 2;
    if (at < min || at > max) {
      this.remember();
      this.zoom(at - half, at + half);
    }
    // uPlot applies a new view in a microtask.
    queueMicrotask(() => {
      for (const { chart } of this.plots.values())
        chart.setCursor({ left: chart.valToPos(at, 'x'), top: chart.over.clientHeight / 2 }, true);
    });
  }

  /** Keeps the view, so that Back can restore it. */
  remember(): void {
    if (this.earlierViews.at(-1)?.join() !== this.view.join()) this.earlierViews.push(this.view);
  }

  /** Changes the view by a key, or by the button of that name. @returns whether the key has a meaning */
  act(key: string, about?: number): boolean {
    const actions: Record<string, () => unknown> = {
      PageUp: () => this.pan(-1 / 2),
      PageDown: () => this.pan(1 / 2),
      '+': () => this.zoomBy(1 / 2, about),
      '-': () => this.zoomBy(2, about),
      // The last one is the current view.
      Backspace: () => this.zoom(...(this.earlierViews.splice(-2).at(-2) ?? this.extent)),
      Escape: () => this.zoom(...this.extent),
    };
    if (!(key in actions)) return false;
    this.remember();
    actions[key]?.();
    return true;
  }

  mark(at = NaN): void {
    this.marked = at;
    this.redraw();
  }

  /** Widens the axes of all plots to the width that one of them needs. @returns the common width */
  align(width: number): number {
    if (width > this.axisWidth) {
      this.axisWidth = width;
      queueMicrotask(() => this.redraw());
    }
    return this.axisWidth;
  }

  redraw(): void {
    for (const { chart } of this.plots.values()) chart.redraw(false, true);
  }
}

export const plots = new LinkedPlots();

/** A uPlot with a legend of buttons and with keys. */
class Plot {
  readonly chart: uPlot;
  private readonly canvas: HTMLElement;
  /** Shows the date and the row under the cursor. */
  private readonly place = make('output', '', { className: 'place' });
  private readonly values: readonly HTMLElement[];
  private readonly resized: ResizeObserver;
  private readonly axes: readonly Axis[];

  constructor(
    private readonly linked: LinkedPlots,
    figure: HTMLElement,
    readonly timeline: Timeline,
    readonly series: readonly PlotSeries[],
  ) {
    const nameOf = ({ name, recordedFor }: PlotSeries): string => (linked.hasOwnAxes ? (recordedFor ?? name) : '');
    this.axes = Array.from(new Set(series.map(nameOf)), (axis) => {
      const members = series.filter((one) => nameOf(one) === axis);
      return { members, range: rangeAround(0, 0), width: 0 };
    });
    this.values = series.map(() => make('output', ''));
    const entries = series.map((one, s) => this.legendEntry(one, s));
    const [caption, canvas] = figure.children as unknown as [HTMLElement, HTMLElement];
    const title = make('span', [make('strong', figure.ariaLabel ?? ''), this.place], { className: 'title' });
    caption.replaceChildren(title, ...entries);
    this.canvas = canvas;
    this.canvas.ariaLabel = figure.ariaLabel;
    this.canvas.onkeydown = (event) => this.onKey(event);
    const data = [timeline.x, ...series.map(({ values }) => values)];
    this.chart = new uPlot(this.options(), data, this.canvas);
    onGestures(this.chart.over, linked);
    this.resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: HEIGHT });
    });
    this.resized.observe(this.canvas);
  }

  destroy(): void {
    this.resized.disconnect();
    this.chart.destroy();
  }

  private legendEntry(one: PlotSeries, s: number): HTMLElement {
    const toggle = (): void => {
      one.isShown = !one.isShown;
      entry.ariaPressed = String(one.isShown);
      this.chart.setSeries(s + 1, { show: one.isShown });
      this.chart.redraw();
    };
    const label = one.values.every(Number.isNaN) ? `${one.name}: no numbers` : one.name;
    const entry = button(label, toggle, { ariaPressed: String(one.isShown) });
    entry.style.setProperty('--color', `var(${one.color})`);
    return make('span', [entry, new Text(' '), this.values[s] as HTMLElement], { className: 'entry' });
  }

  private options(): uPlot.Options {
    return {
      width: Math.max(200, Math.floor(this.canvas.clientWidth)),
      height: HEIGHT,
      padding: [8, 40, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false },
        sync: { key: 'rows', scales: ['x', null] },
        y: false,
        points: { show: false },
        bind: {
          dblclick: () => () => (this.linked.act('Escape'), null),
          // Dragging with Shift moves the view.
          mousedown: (_, __, select) => (event) => (event.shiftKey || event.button > 0 ? null : select(event)),
        },
      },
      scales: {
        x: { time: false, range: (_, min, max) => (this.linked.view = [min, Math.max(max, leastAfter(min))]) },
        ...Object.fromEntries(this.axes.map((axis, a) => [`y${a}`, { range: () => this.rangeInView(axis) }])),
      },
      axes: [
        { ...this.axisStyle(), ...(this.timeline.isTime ? timeAxis : rowAxis) },
        ...this.axes.map((axis, a) => this.verticalAxis(axis, a)),
      ],
      series: [{}, ...this.series.map((one) => this.line(one))],
      hooks: {
        draw: [() => this.drawMark()],
        setScale: [(_, scale) => scale === 'x' && this.linked.onView(this.timeline, this.inView)],
        setCursor: [() => this.tellCursor()],
      },
    };
  }

  private axisStyle(color = '--quiet'): uPlot.Axis {
    return {
      stroke: () => this.colorOf(color),
      grid: { stroke: () => this.colorOf('--grid'), width: 1 },
      ticks: { stroke: () => this.colorOf('--grid'), width: 1, size: 5 },
      font: '12px system-ui, sans-serif',
    };
  }

  private verticalAxis(axis: Axis, a: number): uPlot.Axis {
    const isFirst = a === 0;
    const isSeen = ({ members }: Axis): boolean => members.some(({ isShown }) => isShown);
    // Axes take at most half of the width.
    const hasRoom = (): boolean =>
      (2 + this.axes.slice(0, a).filter(isSeen).length) * 2 * AXIS_WIDTH < this.canvas.clientWidth;
    const isEmpty = (): boolean => !isFirst && !(isSeen(axis) && hasRoom());
    return {
      ...this.axisStyle(this.linked.hasOwnAxes ? axis.members.at(-1)?.color : undefined),
      scale: `y${a}`,
      side: 3,
      ...(!isFirst && { grid: { show: false } }),
      ...numberAxis(axis, isEmpty),
      size: (_, labels) => {
        const characters = Math.max(0, ...(labels ?? []).map(({ length }) => length));
        axis.width = isEmpty() ? 0 : Math.max(AXIS_WIDTH, Math.ceil(22 + CHARACTER_WIDTH * characters));
        const all = this.axes.reduce((sum, { width }) => sum + width, 0);
        // The first axis takes the rest of the common width.
        return axis.width + (isFirst ? this.linked.align(all) - all : 0);
      },
    };
  }

  private line(one: PlotSeries): uPlot.Series {
    const stroke = () => this.colorOf(one.color);
    return {
      stroke,
      scale: `y${this.axes.indexOf(this.axisOf(one))}`,
      show: one.isShown,
      // Wider lines take three times as long. The recorded line is wider, so that it is seen below an equal one.
      width: one.recordedFor === undefined ? 1 : 4,
      fill: stroke,
      auto: false,
      paths: ({ bbox }) => {
        const { range } = this.axisOf(one);
        const radius = MARK_RADIUS * devicePixelRatio;
        return linePath(this.timeline, one.values, this.inView, this.linked.view, range, bbox, radius);
      },
      points: { show: false },
    };
  }

  private axisOf(one: PlotSeries): Axis {
    return this.axes.find(({ members }) => members.includes(one)) as Axis;
  }

  /** The first and the last point in view. If there are none, the last is before the first. */
  private get inView(): Extent {
    const [min, max] = this.linked.view;
    const { x } = this.timeline;
    return [pointAt(x, min), pointAt(x, max, true) - 1];
  }

  private drawMark(): void {
    const { ctx, bbox } = this.chart;
    const at = this.chart.valToPos(this.linked.marked, 'x', true);
    if (!(at >= bbox.left && at <= bbox.left + bbox.width)) return;
    ctx.fillStyle = this.colorOf('--bad');
    ctx.fillRect(at - devicePixelRatio, bbox.top, 2 * devicePixelRatio, bbox.height);
  }

  /** The range of the values in view. uPlot's own arithmetic fails for very large and very small values. */
  private rangeInView(axis: Axis): uPlot.Range.MinMax {
    const [from, to] = this.inView;
    let [least, most] = [Infinity, -Infinity];
    for (const { values, isShown } of axis.members)
      for (let i = from; isShown && i <= to; i++) {
        const value = values[i] as number;
        if (value < least) least = value;
        if (value > most) most = value;
      }
    axis.range = rangeAround(least, most);
    return [axis.range.min, axis.range.max];
  }

  /** The value of a color in the current color scheme. */
  private colorOf(property: string): string {
    this.canvas.style.color = `var(${property})`;
    return getComputedStyle(this.canvas).color;
  }

  private get point(): number | undefined {
    const { left = -1, idx } = this.chart.cursor;
    const { x } = this.timeline;
    if (left < 0 || idx == null) return undefined;
    return x[this.linked.wanted] === x[idx] ? this.linked.wanted : idx;
  }

  private tellCursor(): void {
    const { point, timeline } = this;
    const isNone = point === undefined;
    const date = isNone || !timeline.isTime ? '' : `${whenAt(timeline.x[point] as number)} · `;
    this.place.textContent = isNone ? '' : `${date}row ${rowOf(timeline, point)}`;
    this.series.forEach(({ values, recordedFor }, s) => {
      const value = isNone ? NaN : (values[point] as number);
      const missing = recordedFor === undefined ? 'missing' : '–';
      const text = Number.isNaN(value) ? missing : numeral(value);
      (this.values[s] as HTMLElement).textContent = isNone ? '' : text;
    });
    if (!isNone) this.linked.onView(timeline, this.inView, point);
  }

  private onKey(event: KeyboardEvent): void {
    const { chart, linked, point } = this;
    const { x } = this.timeline;
    const [first, last] = linked.view.map((at) => chart.valToIdx(at)) as Extent;
    // A step is at least a pixel.
    const step = Math.max(1, Math.round((last - first) / chart.over.clientWidth)) * (event.shiftKey ? 10 : 1);
    const places: Record<string, number> = {
      ArrowLeft: point === undefined ? last : point - step,
      ArrowRight: point === undefined ? first : point + step,
      Home: first,
      End: last,
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = places[event.key];
    if (to !== undefined) linked.goTo(x, Math.max(0, Math.min(x.length - 1, to)));
    else if (!linked.act(event.key.replace('=', '+'), x[point ?? -1])) return;
    event.preventDefault();
  }
}

const leastAfter = (min: number): number => min + Math.max(1e-6, Math.abs(min) * NARROWEST);
