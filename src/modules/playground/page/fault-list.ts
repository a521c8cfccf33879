import { element, make, tableHead, tableRow } from './dom.js';
import { type Fault, type Faults } from '../../../common/frame/fault-finder.js';
import { count, plural } from './format.js';
import { type LinkedPlots } from './plot.js';
import { type Reading } from './read.js';
import { showPlace } from './refusal.js';
import { pointOf } from './timeline.js';

/** What is faulty, as it was read. */
export interface Refused {
  readonly blob: Blob;
  readonly reading?: Reading;
}

/** Points that are shown on both sides of a place that is zoomed to. */
const BESIDE = 25;

const [list, fault, zoom] = [element('faults'), element('fault-log'), element<HTMLButtonElement>('zoom')];
const csv = element<HTMLAnchorElement>('faults-csv');

/** The faults of a body: how many of which kind, and one by one where they are. */
export class FaultList {
  private refused: Refused | undefined;
  private listed: readonly Fault[] = [];
  private at = 0;
  private point: number | undefined;

  constructor(private readonly plots: LinkedPlots) {
    element('previous').addEventListener('click', () => void this.show(this.at - 1));
    element('next').addEventListener('click', () => void this.show(this.at + 1));
    zoom.addEventListener('click', () => this.zoom());
  }

  clear(): void {
    element('refused').hidden = true;
    this.plots.mark(undefined);
  }

  async showAll(refused: Refused, { total, groups, listed }: Faults): Promise<void> {
    [this.refused, this.listed] = [refused, listed];
    list.hidden = total === 0;
    element('refused').hidden = list.hidden;
    if (total === 0) return;
    const noun = listed.every(({ column }) => column !== '') ? 'bad cell' : 'fault';
    const rest = total > listed.length ? `, the first ${count(listed.length)} listed` : '';
    element('fault-count').textContent = plural(total, noun) + rest;
    const rows = groups.map(({ first, count: times }) => {
      const place = first.row === undefined ? 'show' : `row ${first.row}`;
      // Of very many some are counted only.
      const button = make('button', place, { type: 'button', disabled: !listed.includes(first) });
      button.addEventListener('click', () => void this.show(listed.indexOf(first)));
      const cells = [make('td', first.kind), make('td', count(times)), make('td', [button])];
      return tableRow(first.column === '' ? 'any' : first.column, cells);
    });
    element('fault-groups').replaceChildren(
      tableHead(['column', 'kind', 'count', 'first']),
      make('tbody', rows),
    );
    URL.revokeObjectURL(csv.href);
    csv.href = URL.createObjectURL(new Blob([csvOf(listed)], { type: 'text/csv' }));
    await this.show(0);
  }

  /** What the service said, which is mostly one of those that are listed. */
  async showRefusal(told: string, sent: Blob, refused: Refused): Promise<void> {
    const index = this.listed.findIndex(({ log }) => log === told);
    this.refused = refused;
    element('refused').hidden = false;
    if (index >= 0) await this.show(index);
    else await this.showOne(told, sent);
    // What has nothing to do with the body leaves its faults as they are.
    if (element('place').hidden && this.listed.length > 0) await this.show(this.at);
    list.hidden = this.listed.every(({ log }) => log !== fault.textContent);
    element('refused').hidden = list.hidden && element('place').hidden;
    document.querySelector('#place mark')?.scrollIntoView({ block: 'nearest' });
  }

  private async show(index: number): Promise<void> {
    const { length } = this.listed;
    this.at = (index + length) % length;
    element('fault-at').textContent = `${count(this.at + 1)} of ${count(length)}`;
    await this.showOne(this.listed[this.at]?.log ?? '', this.refused?.blob);
  }

  private async showOne(told: string, sent: Blob | undefined): Promise<void> {
    const { blob, reading } = this.refused ?? {};
    if (blob === undefined || sent === undefined) return;
    fault.textContent = told;
    const row = await showPlace(told, sent, blob, reading);
    this.point = row === undefined || reading === undefined ? undefined : pointOf(reading.timeline, row);
    zoom.hidden = this.point === undefined;
    this.plots.mark(this.point === undefined ? undefined : reading?.timeline.x[this.point]);
  }

  private zoom(): void {
    const { x } = this.refused?.reading?.timeline ?? {};
    const [point, marked] = [this.point, this.plots.marked];
    if (x === undefined || point === undefined || marked === undefined) return;
    const from = x[Math.max(0, point - BESIDE)] as number;
    const to = x[Math.min(x.length - 1, point + BESIDE)] as number;
    this.plots.zoom(from, to);
    queueMicrotask(() => this.plots.point(marked));
    element('plots').scrollIntoView({ block: 'nearest' });
  }
}

function csvOf(listed: readonly Fault[]): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = listed.map(({ error, row, column, log }) => [error, row, quoted(column), quoted(log)].join());
  return `${['error,row,column,log', ...lines].join('\r\n')}\r\n`;
}
