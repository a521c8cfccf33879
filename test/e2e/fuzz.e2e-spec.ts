import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFrame } from '../../src/common/frame/frame-codec.js';
import { Frame } from '../../src/common/frame/frame.js';
import { encodeFramePlain } from '../../src/common/frame/plain-frame-encoder.js';
import { body, brokenBody, columns, cutAt, cuts, numbersBody, searching } from '../fuzz/bodies.js';
import {
  asKernelDecodes,
  asPlainDecodes,
  asPlaygroundJudges,
  asPlaygroundTells,
  asServiceDecodes,
} from '../fuzz/verdicts.js';
import { call } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const text = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString();

/** The same body with the names of the sum's series. */
const named = (bytes: Buffer) =>
  Buffer.from(bytes.toString('latin1').replace('"a"', '"e1_ts"').replace('"b"', '"e2_ts"'), 'latin1');

describe('searching for faults', () => {
  let service: Service;
  let tried = 0;
  beforeAll(async () => {
    service = await startService({ MAX_BODY_BYTES: '4000' });
  });
  afterEach(() => {
    if (process.env.FUZZ_MILLISECONDS !== undefined)
      process.stdout.write(`${expect.getState().currentTestName}: ${tried} tried\n`);
    tried = 0;
  });
  afterAll(() => service.close());

  it('finds no body, cut anywhere, for which the decoders differ', async () => {
    await fc.assert(
      fc.asyncProperty(body, cuts, async (bytes, places) => {
        tried++;
        const expected = await asPlainDecodes([bytes]);
        expect(await asKernelDecodes(cutAt(bytes, places))).toEqual(expected);
        expect(await asServiceDecodes([bytes])).toEqual(expected);
      }),
      searching(2_000),
    );
  });

  it('finds no broken body for which they differ', async () => {
    await fc.assert(
      fc.asyncProperty(brokenBody, cuts, async (bytes, places) => {
        tried++;
        const expected = await asPlainDecodes([bytes]);
        expect(await asKernelDecodes(cutAt(bytes, places))).toEqual(expected);
        expect(await asServiceDecodes([bytes])).toEqual(expected);
      }),
      searching(2_000),
    );
  });

  it('finds no body for which the playground reports another first fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, brokenBody), async (bytes) => {
        tried++;
        const verdict = (await asKernelDecodes([bytes])) as object;
        expect(asPlaygroundJudges(bytes)).toEqual('code' in verdict ? verdict : undefined);
      }),
      searching(2_000),
    );
  });

  it('finds no frame that the kernel and the plain encoder encode differently', () => {
    fc.assert(
      fc.property(columns, (list) => {
        tried++;
        const frame = new Frame(new Map(list.map((column, i) => [i === 0 ? 'date' : `s${i}`, column])));
        for (const missing of ['null', 'NaN'] as const)
          expect(text(encodeFrame(frame, missing))).toBe(text(encodeFramePlain(frame, missing)));
      }),
      searching(500),
    );
  });

  it('finds no body whose first fault, also of params and results, the playground and the service report differently', async () => {
    const codes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, brokenBody, numbersBody), async (bytes) => {
        tried++;
        const sent = named(bytes);
        const { error, log } = (await call(service.url, { body: sent })).json;
        // The service does not look into a body that is too long.
        if (error === 15) return;
        codes.add(error);
        const { found, told } = asPlaygroundTells(sent, error, log);
        expect(told).toEqual(error === 0 ? undefined : { code: error, log });
        // Only the service knows the messages of a param's rules (21) and the method's own faults (30).
        if (error === 21) expect(found).toMatchObject({ code: error });
        else expect(found).toEqual(error === 0 || error === 30 ? undefined : told);
      }),
      searching(600),
    );
    expect([...codes]).toEqual(expect.arrayContaining([0, 10, 21, 25, 30]));
  });

  it('finds no body whose response is not in the contract’s form with 200, 400, 413 or 415', async () => {
    const coding = fc.constantFrom(undefined, undefined, undefined, 'gzip', 'br', 'identity', 'zstd');
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, brokenBody, fc.uint8Array()), cuts, coding, async (bytes, places, coding) => {
        tried++;
        const response = await call(service.url, {
          body: cutAt(named(Buffer.from(bytes)), places),
          headers: coding === undefined ? {} : { 'Content-Encoding': coding },
        });
        expect([200, 400, 413, 415]).toContain(response.status);
        const { error, log, scalar } = response.json;
        expect([Number.isInteger(error), typeof log]).toEqual([true, 'string']);
        expect(scalar !== undefined).toBe(error === 0);
        if (response.status !== 200) expect([10, 15, 16]).toContain(error);
      }),
      searching(300),
    );
  });
});
