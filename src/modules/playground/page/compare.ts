import { rowOf, type Timeline } from './timeline.js';

/**
 * Matches the rows of two timelines by date; the nth row with a date matches the other nth row with it.
 * @returns `partners`, for each point here the point there, or -1; `onlyHere` and `onlyThere`, the first points without a
 *   partner; `moved`, the point of the first row whose partner has another row number
 */
export function matchRows(here: Timeline, there: Timeline) {
  const [a, b] = [here.x, there.x];
  const partners = new Int32Array(a.length).fill(-1);
  let common = 0;
  let [onlyHere, onlyThere, moved]: (number | undefined)[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const by = (a[i] ?? Infinity) - (b[j] ?? Infinity);
    if (by < 0) onlyHere ??= i;
    else if (by > 0) onlyThere ??= j;
    else {
      const row = rowOf(here, i);
      if (row !== rowOf(there, j) && row < (moved === undefined ? Infinity : rowOf(here, moved))) moved = i;
      common++;
      partners[i] = j;
    }
    if (by <= 0) i++;
    if (by >= 0) j++;
  }
  return { partners, common, onlyHere, onlyThere, moved };
}

/**
 * Compares a series with its recorded values, at the points that have a partner. Two missing samples are equal.
 * @returns the number of differences, the point of the row that differs first, and the largest differences, `relative` to the
 *   recorded value
 */
export function differenceOf(partners: Int32Array, here: Timeline, values: Float64Array, recorded: Float64Array) {
  let [differing, oneMissing, first] = [0, 0, -1];
  let absolute = { value: 0, point: 0 };
  let relative = absolute;
  partners.forEach((partner, point) => {
    const [one, other] = [values[point] as number, recorded[point] as number];
    if (partner < 0 || one === other || (Number.isNaN(one) && Number.isNaN(other))) return;
    differing++;
    if (first < 0 || rowOf(here, point) < rowOf(here, first)) first = point;
    const by = Math.abs(one - other);
    if (Number.isNaN(by)) oneMissing++;
    if (by > absolute.value) absolute = { value: by, point };
    if (by / Math.abs(other) > relative.value) relative = { value: by / Math.abs(other), point };
  });
  return { differing, oneMissing, first, absolute, relative };
}
