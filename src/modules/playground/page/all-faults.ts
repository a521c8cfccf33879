import { ERROR_CODES } from '../../../common/errors/error-codes.js';
import { type Fault, type Faults } from '../../../common/frame/fault-finder.js';
import { faultsOfParam, NOT_JSON, type Param } from './schema.js';
import { type Series } from '../../../common/frame/series-reader.js';

/** The kind of faults that only the method finds, one at a time, such as a sum that overflows. */
export const FOUND_BY_SERVICE = 'found by the service';
const NONE: Faults = { total: 0, groups: [], listed: [] };

/**
 * The faults of a body. Those of its params come last, in the order of the fields.
 * @param changed JSON texts by param that replace the body's
 */
export function allFaults(
  { faults = NONE, texts, paramPlaces }: Pick<Series, 'faults' | 'texts' | 'paramPlaces'>,
  params: readonly Param[],
  changed: Readonly<Record<string, string>> = {},
): Faults {
  // A body without an object `param` has that fault already.
  if (paramPlaces?.others.before !== '') return faults;
  const found = params.flatMap((param): Fault[] => {
    const column = `param.${param.name}`;
    const { start = 0, end = 0 } = paramPlaces.known.get(param.name) ?? {};
    const json = changed[param.name];
    const logs = faultsOfParam(param, json ?? texts[column], json === undefined ? end - start : undefined);
    return logs.map((log) => ({ error: ERROR_CODES.INVALID_PARAM.code, log, column, kind: 'param' }));
  });
  const { total, groups, listed } = faults;
  return {
    total: total + found.length,
    groups: [...groups, ...found.map((first) => ({ first, count: 1 }))],
    listed: [...listed, ...found],
  };
}

/** The place that a log names, such as `param.holes[0].high`; the log itself where it names no param. */
const placeOf = (log: string): string => /^param[^\s:]+/.exec(log)?.[0] ?? log;

/** The faults with that which the service names, in its words. A fault that only the service knows comes first. */
export function withRefusal(faults: Faults, error: number, log: string): Faults {
  const { total, groups, listed } = faults;
  const isMalformed = error === ERROR_CODES.MALFORMED_JSON.code;
  // The body may be malformed JSON, or a changed param.
  const isNamed = (one: Fault): boolean =>
    (isMalformed && (one.error === error || one.log.endsWith(NOT_JSON))) || placeOf(one.log) === placeOf(log);
  const index = listed.findIndex(isNamed);
  const known = listed[index];
  if (known !== undefined) {
    const own: Fault = { ...known, error, log };
    const replaced = groups.map((group) => (group.first === known ? { ...group, first: own } : group));
    return { total, groups: replaced, listed: listed.with(index, own) };
  }
  const isManaged = Object.values(ERROR_CODES).some(({ code, managed }) => managed && code === error);
  // Codes from 1000 on belong to methods.
  if (!isManaged && !isMalformed && !(error >= 1000)) return faults;
  const row = /^scalar\.data\[(\d+)\]/.exec(log)?.[1];
  const own = { error, log, column: '', kind: FOUND_BY_SERVICE, ...(row !== undefined && { row: Number(row) }) };
  return { total: total + 1, groups: [{ first: own, count: 1 }, ...groups], listed: [own, ...listed] };
}
