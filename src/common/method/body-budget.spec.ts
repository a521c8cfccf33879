import { describe, expect, it } from '@jest/globals';
import { type Environment } from '../config/environment.js';
import { BodyBudget } from './body-budget.js';

const budgetOf = (MAX_IN_FLIGHT_BYTES: number) => new BodyBudget({ MAX_IN_FLIGHT_BYTES } as Environment);
const OVERLOADED = expect.objectContaining({ errorCode: expect.objectContaining({ code: 51 }) });

describe('the budget of bodies in flight', () => {
  it('takes what fits to the byte, and refuses the next', () => {
    const budget = budgetOf(100);
    budget.open().growTo(60);
    const second = budget.open();
    second.growTo(40);
    expect(budget.inFlightBytes).toBe(100);
    expect(() => budget.open().growTo(1)).toThrow(OVERLOADED);
    expect([budget.inFlightBytes, budget.shed]).toEqual([100, 1]);
  });

  it('takes others when a body keeps only a part of its share', () => {
    const budget = budgetOf(100);
    const share = budget.open();
    share.growTo(100);
    share.keep(0.5);
    expect(budget.inFlightBytes).toBe(50);
    budget.open().growTo(50);
    share.release();
    expect(budget.inFlightBytes).toBe(50);
  });

  it('counts the largest known size of a body', () => {
    const budget = budgetOf(100);
    const share = budget.open();
    for (const bytes of [50, 10, 50, 70]) share.growTo(bytes);
    expect(budget.inFlightBytes).toBe(70);
  });

  it('is free again when a body is released, once and for all', () => {
    const budget = budgetOf(100);
    const share = budget.open();
    share.growTo(100);
    share.release();
    share.release();
    share.growTo(90);
    expect(budget.inFlightBytes).toBe(0);
    budget.open().growTo(100);
    expect(budget.shed).toBe(0);
  });

  it('always has room for a body that is alone, as it would never be taken otherwise', () => {
    const budget = budgetOf(100);
    const alone = budget.open();
    alone.growTo(90);
    alone.growTo(150);
    expect(() => budget.open().growTo(1)).toThrow(OVERLOADED);
    alone.release();
    budget.open().growTo(1);
    expect(budget.inFlightBytes).toBe(1);
  });
});
