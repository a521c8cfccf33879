/**
 * sum_ts = scale x (e1_ts + e2_ts), row by row in IEEE double arithmetic. NaN means missing: if a sample is, so is the sum.
 * A result past the largest double is an infinity.
 * @param scale finite
 * @param sums the array to write to, as long as the columns
 */
export function sum(
  e1: Float64Array,
  e2: Float64Array,
  scale: number,
  sums: Float64Array = new Float64Array(e1.length),
): Float64Array {
  for (let row = 0; row < e1.length; row++) {
    const both = (e1[row] as number) + (e2[row] as number);
    // 0 x Infinity would be NaN, which would hide an overflow as a missing sample.
    sums[row] = Math.abs(both) === Infinity ? both : scale * both;
  }
  return sums;
}
