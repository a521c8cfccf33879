import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { KasemMethod } from './kasem-method.js';

class NoParams {}

describe('the declaration of a method', () => {
  const series = (count: number) => Array.from({ length: count }, (_, i) => `s${i}_ts`);
  const declare = (inputs: string[], outputs: string[]) => () =>
    KasemMethod({ paths: ['x'], params: NoParams, inputs, outputs });

  it('has no more series than a frame has columns beside the date', () => {
    expect(declare(series(510), series(510))).not.toThrow();
    expect(declare(series(511), series(1))).toThrow('inputs: expected at most 510 series, got 511');
    expect(declare(series(1), series(600))).toThrow('outputs: expected at most 510 series, got 600');
  });
});
