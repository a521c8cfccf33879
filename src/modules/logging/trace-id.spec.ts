import { describe, expect, it } from '@jest/globals';
import { traceIdOf } from './trace-id.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('the trace id of a request', () => {
  it.each([
    ['of this version', `00-${TRACE}-${PARENT}-01`],
    ['that is not sampled', `00-${TRACE}-${PARENT}-00`],
    ['with flags of a later level', `00-${TRACE}-${PARENT}-ff`],
    ['of a later version', `01-${TRACE}-${PARENT}-01`],
    ['of a later version with more fields', `cc-${TRACE}-${PARENT}-01-what-the-future-brings`],
  ])('is taken from a traceparent %s', (_, traceparent) => {
    expect(traceIdOf(traceparent)).toBe(TRACE);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['there twice', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ['of version ff', `ff-${TRACE}-${PARENT}-01`],
    ['of a version in one digit', `0-${TRACE}-${PARENT}-01`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['with a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['with a version in capitals', `CC-${TRACE}-${PARENT}-01`],
    ['with a trace id that is too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['with a trace id that is too long', `00-${TRACE}0-${PARENT}-01`],
    ['with a parent id that is too short', `00-${TRACE}-${PARENT.slice(1)}-01`],
    ['without flags', `00-${TRACE}-${PARENT}`],
    ['with flags in one digit', `00-${TRACE}-${PARENT}-1`],
    ['with more than this version has', `00-${TRACE}-${PARENT}-01-more`],
    ['of a later version that goes on without a dash', `01-${TRACE}-${PARENT}-01more`],
    ['not hexadecimal', `00-${TRACE.replace('4', 'g')}-${PARENT}-01`],
    ['parted by something else', `00_${TRACE}_${PARENT}_01`],
  ])('is undefined if the traceparent is %s', (_, traceparent) => {
    expect(traceIdOf(traceparent)).toBeUndefined();
  });
});
