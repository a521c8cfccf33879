const DAY = '\n{YYYY}-{MM}-{DD}';
const HOUR = 3600;

/** As uPlot wants them: by increment a label, what is added where a new year, month, day, hour or minute begins. */
export const TIME_LABELS: (string | number | null)[][] = [
  [365 * 24 * HOUR, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * 24 * HOUR, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [24 * HOUR, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', DAY, null, DAY, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', DAY, null, DAY, null, null, null, 1],
  [0.001, '{HH}:{mm}:{ss}.{fff}', DAY, null, DAY, null, null, null, 1],
];

const LONGEST = 14;
const CHARACTER_WIDTH = 7.5;

/** All with as many decimals as one of them needs, or all with an exponent. uPlot has rounded them. */
export function numberLabels(values: readonly number[]): string[] {
  const texts = values.map(String);
  if (texts.some((text) => text.length > LONGEST || text.includes('e')))
    return values.map((value) => (value === 0 ? '0' : value.toExponential()));
  const decimals = Math.max(0, ...texts.map((text) => text.split('.')[1]?.length ?? 0));
  return values.map((value) => value.toFixed(decimals));
}

/** The width of an axis in pixels. */
export const widthOf = (labels: readonly string[]): number =>
  22 + CHARACTER_WIDTH * Math.max(4, ...labels.map(({ length }) => length));
