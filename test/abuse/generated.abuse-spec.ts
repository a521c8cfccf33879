import { describe } from '@jest/globals';
import fc from 'fast-check';
import { lengthOf, piecesOf, shape, type Shape } from './bodies.js';
import { requestBytes, sendAll, sendWithoutEnd } from './client.js';
import { podUnderAttack } from './pod.js';

/** ABUSE_SEED repeats a run. ABUSE_SHAPES is the number of bodies. */
const SEED = Number(process.env.ABUSE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const SHAPES = Number(process.env.ABUSE_SHAPES ?? 30);

const nameOf = ({ cell, ...others }: Shape): string =>
  JSON.stringify({ cell: cell.length > 40 ? `${cell.slice(0, 37)}…` : cell, ...others });

describe(`random bodies, ABUSE_SEED=${SEED}`, () => {
  const attack = podUnderAttack();

  fc.sample(shape, { seed: SEED, numRuns: SHAPES }).forEach((shape, index) => {
    const pieces = piecesOf(shape);
    attack(
      `${index}: ${nameOf(shape)}`,
      async (pod) => {
        const bytes = requestBytes(pieces, shape);
        if (shape.isUnfinished) await sendWithoutEnd(pod, bytes, shape.connections);
        else await sendAll(pod, bytes, shape.connections);
      },
      { bytes: lengthOf(pieces) * shape.connections },
    );
  });
});
