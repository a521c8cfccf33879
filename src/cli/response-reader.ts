import { createFrameDecoder } from '../common/frame/frame-codec.js';
import { type FrameDecoder } from '../common/frame/frame-decoder.js';
import { DATE } from '../common/frame/frame.js';
import { shown } from './terminal.js';

/** A response, or a recorded one. */
export interface ReadResponse {
  readonly error: number | undefined;
  readonly log: string | undefined;
  /** `date` first; NaN means missing. Empty if the response has no series. */
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly rows: number;
}

/** Up to this length a response is parsed as one text. */
const SMALL_BYTES = 32 << 20;
/** How much of each end of a long response is searched for `headers`, `error` and `log`. */
const EDGE_BYTES = 1 << 16;

/** Reads `{"scalar": {"headers", "data"}, "error", "log"}` of any length, as it arrives. */
export class ResponseReader {
  private readonly pieces: Buffer[] = [];
  private length = 0;
  private long: { readonly decoder: FrameDecoder; readonly head: string; tail: Buffer } | undefined;

  push(piece: Buffer): void {
    this.length += piece.length;
    if (this.long === undefined) {
      this.pieces.push(piece);
      if (this.length > SMALL_BYTES) this.beginLong();
    } else {
      this.long.decoder.push(piece);
      this.long.tail = Buffer.concat([this.long.tail, piece]).subarray(-EDGE_BYTES);
    }
  }

  /** @throws Error if the text is not JSON, or has another form */
  async end(): Promise<ReadResponse> {
    return this.long === undefined ? ofText(Buffer.concat(this.pieces).toString()) : this.endLong(this.long);
  }

  /** Uses the decoder of bodies, which only needs a `param` at the beginning. */
  private beginLong(): void {
    const all = Buffer.concat(this.pieces.splice(0));
    const head = all.subarray(0, EDGE_BYTES).toString();
    const headers = /"headers"\s*:\s*(\[[^\]]*\])/.exec(head)?.[1];
    if (headers === undefined) throw new Error('a long response has to have its headers before its data');
    const series = (JSON.parse(headers) as string[]).filter((name) => name !== DATE);
    const decoder = createFrameDecoder({ params: [], series }, {});
    decoder.push(Buffer.from('{"param":{},'));
    decoder.push(all.subarray(all.indexOf('{') + 1));
    this.long = { decoder, head, tail: all.subarray(-EDGE_BYTES) };
  }

  private async endLong({ decoder, head, tail }: NonNullable<typeof this.long>): Promise<ReadResponse> {
    const { frame } = await decoder.end();
    const edges = head.slice(0, head.indexOf('[')) + tail.subarray(tail.lastIndexOf(']]') + 2).toString();
    const error = /"error"\s*:\s*(\d+)/.exec(edges)?.[1];
    const log = /"log"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(edges)?.[1];
    return {
      error: error === undefined ? undefined : Number(error),
      log: log === undefined ? undefined : (JSON.parse(log) as string),
      columns: frame.columns,
      rows: frame.length,
    };
  }
}

/** Parses JSON in which a missing sample may be the bare token NaN, as Python writes it. */
export const parseResponse = (text: string): unknown =>
  JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|NaN/g, (found) => (found === 'NaN' ? 'null' : found)));

function ofText(text: string): ReadResponse {
  let response: { error?: unknown; log?: unknown; scalar?: { headers?: unknown; data?: unknown } };
  try {
    response = parseResponse(text) as typeof response;
  } catch {
    throw new Error(`this is not JSON: ${shown(text.trim(), 200)}`);
  }
  const { error, log, scalar } = Object(response) as typeof response;
  const headers = Array.isArray(scalar?.headers) ? (scalar.headers as string[]) : [];
  const data = Array.isArray(scalar?.data) ? (scalar.data as (number | null)[][]) : [];
  const bad = data.findIndex(
    (row) =>
      !Array.isArray(row) ||
      row.length !== headers.length ||
      row.some((cell) => cell !== null && typeof cell !== 'number'),
  );
  if (bad >= 0)
    throw new Error(
      `scalar.data[${bad}] is no row of ${headers.length} numbers or null: ${shown(JSON.stringify(data[bad]), 200)}`,
    );
  const columns = headers.map((name, column): [string, Float64Array] => [
    name,
    Float64Array.from(data, (row) => row[column] ?? NaN),
  ]);
  return {
    error: typeof error === 'number' ? error : undefined,
    log: typeof log === 'string' ? log : undefined,
    columns: new Map(columns),
    rows: data.length,
  };
}

/** At most `count` places where two responses differ, each in a sentence. */
export function differences(found: ReadResponse, expected: ReadResponse, tolerance: number, count: number): string[] {
  const list: string[] = [];
  // Responses of the public example have no error.
  if (expected.error !== undefined && found.error !== expected.error)
    list.push(`error is ${String(found.error)} and not ${String(expected.error)}`);
  if (found.rows !== expected.rows) list.push(`there are ${found.rows} rows and not ${expected.rows}`);
  const [names, wanted] = [[...found.columns.keys()].join(), [...expected.columns.keys()].join()];
  if (names !== wanted) return [...list, `the columns are ${names} and not ${wanted}`];
  const columns = [...expected.columns.entries()];
  for (let row = 0; row < Math.min(found.rows, expected.rows); row++)
    for (const [c, [name, column]] of columns.entries()) {
      const [a, b] = [found.columns.get(name)?.[row] as number, column[row] as number];
      if (isNear(a, b, tolerance)) continue;
      if (list.length >= count) return list;
      list.push(`scalar.data[${row}][${c}] (${name}) is ${named(a)} and not ${named(b)}`);
    }
  return list;
}

/** @param tolerance relative to the larger of both; 0 requires the same double */
export const isNear = (a: number, b: number, tolerance: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));

const named = (value: number): string => (Number.isNaN(value) ? 'missing' : String(value));
