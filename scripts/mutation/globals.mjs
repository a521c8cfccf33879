/** What tests import from @jest/globals, over Mocha. */
import { jestExpect } from '@jest/expect';
import { bind } from 'jest-each';

const mocha = globalThis;

/** A fault may leave a test waiting for an answer that never comes; Stryker switches Mocha's own limit off. */
const PATIENCE_MS = 60_000;

const describeAll = (title, block) => mocha.describe(title, block);
const test = (title, run) => mocha.it(title, run).timeout(PATIENCE_MS);

export const describe = Object.assign(describeAll, { each: bind(describeAll) });
export const it = Object.assign(test, { each: bind(test) });
export { jestExpect as expect };
export const { before: beforeAll, after: afterAll, beforeEach, afterEach } = mocha;
