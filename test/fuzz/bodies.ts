import fc from 'fast-check';

/** The text of a sample: mostly a number, sometimes another value. */
const sample = fc.oneof(
  { weight: 8, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { weight: 2, arbitrary: fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,24})?([eE][+-]?\d{1,3})?$/) },
  fc.constantFrom(
    'null',
    'NaN',
    '"NaN"',
    '"\\u004ea\\u004E"',
    '"N\\u0061N"',
    '"\\u004eax"',
    '"nan"',
    'Infinity',
    'None',
    '0x10',
    '',
    '1e400',
    '-0',
    '"x"',
    '[]',
    '01',
    '1.',
    'true',
    '{}',
    '1E5',
    '-',
    '.5',
    '+1',
  ),
  fc.constantFrom('0.0000000000000000000000001', '2.4703282292062327e-324', '1.7976931348623159e308'),
);
const cell = fc.oneof({ weight: 3, arbitrary: sample }, fc.json({ maxDepth: 3 }));
const space = fc.constantFrom('', '', ' ', '\n\t ');
const mark = fc.constantFrom('', '', '', '\ufeff', '\ufeff\ufeff');

/** A valid or nearly valid body for a method with the series a and b. Ignored places have any JSON. */
export const body: fc.Arbitrary<Buffer> = fc
  .record({
    headers: fc.shuffledSubarray(['date', 'a', 'b', 'c', 'd'], { minLength: 3 }),
    rows: fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { maxLength: 6 }),
    fits: fc.boolean(),
    param: fc.dictionary(fc.constantFrom('scale', 'x', '__proto__'), fc.oneof(fc.double().map(String), fc.json())),
    other: fc.json({ maxDepth: 4 }),
    order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    isEarly: fc.boolean(),
    space,
    mark,
  })
  .map(({ headers, rows, fits, param, other, order, isEarly, space, mark }) => {
    const texts = rows.map((row) => {
      const cells = fits ? headers.map((name, i) => (name === 'date' ? String(i) : (row[i] ?? '1'))) : row;
      return `[${space}${cells.join(`${space},`)}]`;
    });
    const data = `"data":[${space}${texts.join(`,${space}`)}]`;
    const names = `"headers":${JSON.stringify(headers)}`;
    const params = Object.entries(param).map(([key, value]) => `"${key}":${value}`);
    const members = [
      `"param":{${params.join()}}`,
      `"scalar":{${isEarly ? `${data},${names}` : `${names},${data}`}}`,
      `"other":${other}`,
    ];
    return Buffer.from(`${mark}{${order.map((i) => members[i]).join(`${space},`)}}`);
  });

const double = fc.double({ noNaN: true, noDefaultInfinity: true });

/** A body with only numbers, whose results often overflow. */
export const numbersBody: fc.Arbitrary<Buffer> = fc
  .tuple(double, fc.array(fc.tuple(fc.nat(), double, double), { maxLength: 4 }))
  .map(([scale, data]) =>
    Buffer.from(JSON.stringify({ param: { scale }, scalar: { headers: ['date', 'a', 'b'], data } })),
  );

const TOKENS = [
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '"',
  '\\',
  '0',
  '-',
  '1',
  '.',
  'e',
  'E',
  'n',
  'NaN',
  'null',
  '"NaN"',
  '"\\u004eaN"',
  '\ufeff',
  '"data":',
  '"param":{}',
  '[[',
  '\\u00',
  'é',
];

const change = fc.record({
  place: fc.nat(),
  removed: fc.nat({ max: 3 }),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.array(fc.constantFrom(...TOKENS), { maxLength: 3 }).map((tokens) => Buffer.from(tokens.join(''))),
  ),
});

/** A body with some bytes changed, removed or inserted, or with its end cut off. */
export const brokenBody: fc.Arbitrary<Buffer> = fc
  .tuple(body, fc.array(change, { minLength: 1, maxLength: 3 }), fc.option(fc.nat(), { freq: 4 }))
  .map(([bytes, changes, end]) => {
    let broken = bytes;
    for (const { place, removed, put } of changes) {
      const at = place % (broken.length + 1);
      broken = Buffer.concat([broken.subarray(0, at), put, broken.subarray(at + removed)]);
    }
    return end === null ? broken : broken.subarray(0, end % (broken.length + 1));
  });

/** The indices at which a body is cut into chunks, modulo its length. */
export const cuts = fc.array(fc.nat(), { maxLength: 5 });

export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const all = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return all.slice(1).map((cut, i) => bytes.subarray(all[i], cut));
}

/** Columns of equal length with any double, more often with special ones and their neighbours. */
export const columns: fc.Arbitrary<Float64Array[]> = fc.integer({ min: 0, max: 40 }).chain((length) => {
  const values = fc.oneof(
    fc.double({ noDefaultInfinity: true }),
    fc.integer().map((n) => n / 1_000),
    fc.integer(),
    fc.maxSafeInteger(),
  );
  const column = fc.array(values, { minLength: length, maxLength: length }).map((list) => Float64Array.from(list));
  return fc.array(column, { minLength: 2, maxLength: 4 });
});

/**
 * The length of a property's search: a fixed number of runs, or FUZZ_MILLISECONDS.
 * A failure prints its seed and path. FUZZ_SEED and FUZZ_PATH repeat it.
 */
export function searching(shortRuns: number): fc.Parameters<unknown> {
  const { FUZZ_MILLISECONDS, FUZZ_SEED, FUZZ_PATH } = process.env;
  return {
    ...(FUZZ_MILLISECONDS === undefined
      ? { numRuns: shortRuns }
      : { numRuns: 2 ** 31 - 1, interruptAfterTimeLimit: Number(FUZZ_MILLISECONDS) }),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
    ...(FUZZ_PATH !== undefined && { path: FUZZ_PATH }),
    verbose: 1,
  };
}
