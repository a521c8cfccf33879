import { call } from './http.js';
import { type Service } from './service.js';

/** Columns by name, including `date`. null and NaN are missing samples. */
export type Columns = Readonly<Record<string, ArrayLike<number | null>>>;

export interface FrameResponse {
  /** null is a missing sample. Undefined unless `error` is 0. */
  readonly columns?: Record<string, (number | null)[]>;
  readonly error: number;
  readonly log: string;
}

/** Posts columns to a method of the running application, and returns those of the response. */
export async function postFrame(
  { url }: Service,
  path: string,
  columns: Columns,
  param: object = {},
): Promise<FrameResponse> {
  const headers = Object.keys(columns);
  const rows = Math.max(...Object.values(columns).map(({ length }) => length));
  const data = Array.from({ length: rows }, (_, row) => headers.map((name) => columns[name]?.[row]));
  const body = JSON.stringify({ param, scalar: { headers, data } });
  const { scalar, error, log } = (await call(url, { path, body })).json;
  return {
    ...(scalar && {
      columns: Object.fromEntries(
        scalar.headers.map((name, i) => [name, scalar.data.map((cells) => cells[i] as number | null)]),
      ),
    }),
    error,
    log,
  };
}
