import { describe, expect, it } from '@jest/globals';
import { faultsOf, faultsOfParam, type Schema } from './schema.js';

const MACHINE: Schema = {
  type: 'object',
  required: ['band', 'name'],
  properties: {
    band: {
      type: 'array',
      minItems: 2,
      items: {
        type: 'object',
        required: ['low'],
        properties: { low: { type: 'number', exclusiveMinimum: 0 } },
      },
    },
    name: { type: 'string', maxLength: 3 },
    unit: { anyOf: [{ enum: ['bar', 'Pa'] }, { type: 'null' }] },
  },
};

describe('the faults of a param', () => {
  it('are all that its schema excludes, each with its place and value', () => {
    const value = { band: [{ low: 0 }, {}, { low: '1' }], name: 'long', unit: 'psi' };
    expect(faultsOf(value, MACHINE, 'param.machine')).toEqual([
      'param.machine.band[0].low: expected a number, above 0, got 0',
      'param.machine.band[1].low is missing',
      'param.machine.band[2].low: expected a number, above 0, got the string "1"',
      'param.machine.name: expected a string, of at most 3 characters, got the string "long"',
      'param.machine.unit: expected one of bar, Pa, got the string "psi"',
    ]);
  });

  it('do not include what the schema allows', () => {
    const band = [{ low: 1 }, { low: 2, high: 'unknown' }];
    for (const unit of ['bar', null]) expect(faultsOf({ band, name: 'abc', unit }, MACHINE, 'x')).toEqual([]);
    expect(faultsOf({ band: [] }, MACHINE, 'x')).toEqual([
      'x.name is missing',
      'x.band: expected an array, of at least 2 items, got an array',
    ]);
  });

  it('count the characters of a string, and the bytes of a param, as the service does', () => {
    const of = (json: string) => faultsOfParam({ name: 's', schema: { maxLength: 3 }, isRequired: true }, json);
    expect(of('"a😀b"')).toEqual([]);
    expect(of(`"${'ä'.repeat(8192)}"`)).toEqual(['param.s: expected at most 16384 bytes of JSON, got 16386']);
  });
});
