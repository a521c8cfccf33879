import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CHUNKS,
  FOUND,
  piecesOf,
  PLACES,
  PLAIN,
  receivedBytes,
  type CostlyBody,
  type Place,
} from './costly-bodies.js';

/** COST_MINUTES searches for longer, COST_SEED in the same order again. */
const MINUTES = Number(process.env.COST_MINUTES ?? 0.25);
const SEED = Number(process.env.COST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/**
 * How often the decoder may take the CPU time that the shortest plain rows take in such chunks. These cost the service some 20 ns
 * a byte, 7 of them in the decoder, so that eight times these are the 60 ns that docs/operations.md promises.
 */
const MAX_RATIO = 8;

/** JSON.parse reads the headers, at most 1 MiB of them and once a body. */
const MAX_HEADERS_RATIO = 12;

const maxRatio = ({ place }: CostlyBody): number => (place === 'header' ? MAX_HEADERS_RATIO : MAX_RATIO);

/** What the decoder may hold for a byte, of the 4 that docs/operations.md promises. */
const MAX_HELD = 4;

interface Cost {
  /** Of CPU time, for a byte received. */
  readonly ns: number;
  /** Of memory, for a byte received, when all has arrived and the end has not. */
  readonly held: number;
}

describe(`the cost of a byte, COST_SEED=${SEED}`, () => {
  let probe: ChildProcess;
  beforeAll(() => {
    probe = fork(join(import.meta.dirname, 'decoder-cost.mjs'), { execArgv: ['--expose-gc'] });
  });
  afterAll(() => void probe.kill());

  async function costOf(body: CostlyBody, rounds: number): Promise<Cost> {
    probe.send({ pieces: piecesOf(body), chunkBytes: body.chunkBytes, rounds });
    const [{ cpuNs, heldBytes }] = (await once(probe, 'message')) as [{ cpuNs: number; heldBytes: number }];
    const bytes = receivedBytes(body);
    return { ns: cpuNs / bytes, held: heldBytes / bytes };
  }

  /** The cost, and how often it is that of plain rows in such chunks, both measured at the same time. */
  async function compare(body: CostlyBody): Promise<Cost & { ratio: number }> {
    let best = { ns: Infinity, held: Infinity, ratio: Infinity };
    for (let round = 0; round < 4 && (best.ratio > maxRatio(body) || best.held > MAX_HELD); round++) {
      const plain = await costOf({ ...PLAIN, chunkBytes: body.chunkBytes }, 4);
      const { ns, held } = await costOf(body, 4);
      best = {
        ns: Math.min(best.ns, ns),
        held: Math.min(best.held, held),
        ratio: Math.min(best.ratio, ns / plain.ns),
      };
    }
    return best;
  }

  const isCheap = (body: CostlyBody, { ratio, held }: { ratio: number; held: number }) =>
    ratio <= maxRatio(body) && held <= MAX_HELD;

  it.each(FOUND)('stays bounded for $place $unit in chunks of $chunkBytes', async (body) => {
    const cost = await compare(body);
    expect([cost, isCheap(body, cost)]).toEqual([cost, true]);
  });

  it(
    'stays bounded for what a search finds',
    async () => {
      const plain = new Map<number, number>();
      for (const chunkBytes of CHUNKS) plain.set(chunkBytes, (await costOf({ ...PLAIN, chunkBytes }, 20)).ns);
      const search = new Search(SEED);
      const end = Date.now() + MINUTES * 60_000;
      let tried = 0;
      for (; Date.now() < end; tried++) {
        const body = search.next();
        const { ns, held } = await costOf(body, 1);
        search.learn(body, { ratio: ns / (plain.get(body.chunkBytes) as number), held });
      }
      const lines: string[] = [];
      const expensive: string[] = [];
      for (const body of search.worst()) {
        const cost = await compare(body);
        const line = `${cost.ns.toFixed(1)} ns (${cost.ratio.toFixed(1)} x plain), ${cost.held.toFixed(1)} bytes held: ${JSON.stringify(body)}`;
        lines.push(line);
        if (!isCheap(body, cost)) expensive.push(line);
      }
      process.stderr.write(
        `COST_SEED=${SEED}: ${tried} bodies tried; for a byte received\n${lines.join('\n')}\n`,
      );
      expect(expensive).toEqual([]);
    },
    MINUTES * 60_000 + 600_000,
  );
});

const TOKENS = [
  ...[
    '[',
    ']',
    '{',
    '}',
    '[]',
    '{}',
    ',',
    ':',
    '"',
    '""',
    '\\',
    ' ',
    '\n',
    '"a":',
    '"":',
    '[0,0,0]',
    '[0,0]',
  ],
  ...['0', '1', '-', '.', 'e', '-0.1', '1e5', '1e400', '9007199254740993', '12345678901234567890', '5e-324'],
  ...['null', 'NaN', '"NaN"', 'true', '"x"', '"\\u0000"', '\\u0061', 'é', '"é"', '0.30000000000000004'],
];
const LONGEST_UNIT = 2_000;

/** Where the search begins in each place. */
const FIRST: Record<Place, string> = {
  row: '[0,0,0]',
  'row before the headers': '[0,0,0]',
  'row after one that is too short': '[0,0,0]',
  'ignored cell': '0',
  'needed cell': '0',
  'ignored cells': '0',
  'cell of one row': '0',
  'between rows': ' ',
  'member of param': '"a":0',
  'member of the body': '"a":0',
  'in the scale': '0',
  header: '""',
  'within a text': 'x',
};

/** Changes the worst bodies that it knows of each place, by time and by memory, and keeps what is worse. */
class Search {
  private readonly known = new Map<string, { body: CostlyBody; score: number }>();

  constructor(private state: number) {}

  next(): CostlyBody {
    const place = this.pick(Object.keys(PLACES) as Place[]);
    const known = this.known.get(`${place} ${this.pick(['ratio', 'held'])}`);
    let { unit, chunkBytes } = known?.body ?? { unit: FIRST[place], chunkBytes: this.pick(CHUNKS) };
    for (let changes = 1 + this.below(3); changes > 0; changes--) {
      if (this.below(8) === 0) chunkBytes = this.pick(CHUNKS);
      else unit = this.changed(unit);
    }
    return { place, unit: unit.slice(0, LONGEST_UNIT) || FIRST[place], chunkBytes };
  }

  learn(body: CostlyBody, cost: Record<'ratio' | 'held', number>): void {
    for (const measure of ['ratio', 'held'] as const) {
      const name = `${body.place} ${measure}`;
      if (cost[measure] > (this.known.get(name)?.score ?? 0))
        this.known.set(name, { body, score: cost[measure] });
    }
  }

  worst(): CostlyBody[] {
    return [...new Set([...this.known.values()].sort((a, b) => b.score - a.score).map(({ body }) => body))];
  }

  private changed(unit: string): string {
    const [from, to] = [this.below(unit.length + 1), this.below(unit.length + 1)].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const [head, part, tail] = [unit.slice(0, from), unit.slice(from, to), unit.slice(to)];
    switch (this.below(7)) {
      case 0:
        return head + tail;
      case 1:
        return head + part + part + tail;
      case 2:
        return `${unit.slice(0, from)}${this.pick(TOKENS)}${unit.slice(from)}`;
      case 3:
        return head + this.pick(TOKENS) + tail;
      case 4:
        return this.pick([`[${unit}]`, `{"":${unit}}`, `"${unit}"`, ` ${unit}`, `${unit},${unit}`]);
      case 5:
        return unit + unit;
      default:
        return this.pick(TOKENS);
    }
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** mulberry32 */
  private below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }
}
