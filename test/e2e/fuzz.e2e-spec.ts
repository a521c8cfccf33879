import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFrame } from '../../src/common/frame/frame-codec.js';
import { Frame } from '../../src/common/frame/frame.js';
import { encodeFramePlain } from '../../src/common/frame/plain-frame-encoder.js';
import { body, brokenBody, columns, cutAt, cuts, searching } from '../fuzz/bodies.js';
import { asKernelDecodes, asPlainDecodes, asPlaygroundJudges } from '../fuzz/verdicts.js';
import { call } from '../support/http.js';
import { startService, type Service } from '../support/service.js';

const text = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString();

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

  it('finds no body on which the kernel and the plain decoder differ, cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(body, cuts, async (bytes, places) => {
        tried++;
        expect(await asKernelDecodes(cutAt(bytes, places))).toEqual(await asPlainDecodes([bytes]));
      }),
      searching(2_000),
    );
  });

  it('finds no broken body on which they differ', async () => {
    await fc.assert(
      fc.asyncProperty(brokenBody, cuts, async (bytes, places) => {
        tried++;
        expect(await asKernelDecodes(cutAt(bytes, places))).toEqual(await asPlainDecodes([bytes]));
      }),
      searching(2_000),
    );
  });

  it('finds no body whose first fault is another one to the playground', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, brokenBody), async (bytes) => {
        tried++;
        const verdict = (await asKernelDecodes([bytes])) as object;
        expect(asPlaygroundJudges(bytes)).toEqual('code' in verdict ? verdict : undefined);
      }),
      searching(2_000),
    );
  });

  it('finds no frame that the kernel writes in other bytes than the plain encoder', () => {
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

  it('finds no body that the service answers with anything but its form and 200, 400, 413 or 415', async () => {
    const named = (bytes: Buffer) =>
      Buffer.from(bytes.toString('latin1').replace('"a"', '"e1_ts"').replace('"b"', '"e2_ts"'), 'latin1');
    const coding = fc.constantFrom(undefined, undefined, undefined, 'gzip', 'br', 'identity', 'zstd');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(body, brokenBody, fc.uint8Array()),
        cuts,
        coding,
        async (bytes, places, coding) => {
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
        },
      ),
      searching(300),
    );
  });
});
