import { type BodyScan } from './body-scan.js';
import { CLOSE_OBJECT, OPEN_OBJECT } from './json-scanner.js';

/** Replaces the bytes [start, end) by a text. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The places of a body's params, and the place for new ones. */
export interface ParamPlaces {
  readonly known: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
  readonly others: { readonly start: number; readonly before: string; readonly after: string };
}

/** New params go to the beginning of `param`. Without one, a new `param` around them goes to the beginning of the body. */
export function paramPlaces(scan: BodyScan, params: readonly string[]): ParamPlaces | undefined {
  const param = scan.placeAt('param');
  const object = param ?? scan.placeAt('');
  if (scan.fault !== undefined || object === undefined || scan.bytes[object.start] !== OPEN_OBJECT) return undefined;
  const start = object.start + 1;
  const isEmpty = scan.bytes.subarray(start).find((byte) => byte > 0x20) === CLOSE_OBJECT;
  const [before, after] = param === undefined ? ['"param":{', '}'] : ['', ''];
  const known = new Map<string, { start: number; end: number }>();
  for (const name of params) {
    const { start: from, end } = scan.placeAt(`param.${name}`) ?? {};
    if (from !== undefined && end !== undefined) known.set(name, { start: from, end });
  }
  return {
    known,
    others: { start, before, after: isEmpty ? after : `${after},` },
  };
}

/** A copy of a body with params set to JSON texts. Unlike a File, it cannot be sent after the file has changed. */
export function withParams(
  body: Blob,
  { known, others: { start, before, after } }: ParamPlaces,
  params: readonly (readonly [name: string, json: string])[],
): Blob {
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const [name, text] of params) {
    const place = known.get(name);
    if (place === undefined) added.push(`${JSON.stringify(name)}:${text}`);
    else edits.push({ ...place, text });
  }
  if (added.length > 0) edits.push({ start, end: start, text: before + added.join() + after });
  edits.sort((a, b) => a.start - b.start);
  const pieces = edits.flatMap((edit, e) => [body.slice(edits[e - 1]?.end ?? 0, edit.start), edit.text]);
  return new Blob([...pieces, body.slice(edits.at(-1)?.end)]);
}
