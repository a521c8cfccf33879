// Measures what the built decoder takes for bodies that the parent process describes. Run with --expose-gc, in a process of
// its own, in which nothing else takes time and memory.
import { setImmediate } from 'node:timers/promises';
import { createFrameDecoder } from '../../dist/common/frame/frame-codec.js';

const SCHEMA = { params: ['scale'], series: ['e1_ts', 'e2_ts'] };

process.on('message', async ({ pieces, chunkBytes, rounds }) => {
  const body = Buffer.concat(pieces.map(([text, times]) => Buffer.from(text.repeat(times))));
  const cpuNs = [];
  for (let round = 0; round < rounds; round++) cpuNs.push(await cpuOf(body, chunkBytes));
  process.send({ cpuNs: Math.min(...cpuNs), heldBytes: await heldFor(body, chunkBytes) });
});

/** Nanoseconds of CPU time of all threads, also for what is collected of the garbage. */
async function cpuOf(body, chunkBytes) {
  const before = process.cpuUsage();
  const decoder = createFrameDecoder(SCHEMA, { expectedBytes: body.length });
  push(decoder, body, chunkBytes);
  await decoder.end().catch(() => undefined);
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1e3;
}

/** Bytes that are held when all has arrived and the end has not. */
async function heldFor(body, chunkBytes) {
  const before = await memory();
  const decoder = createFrameDecoder(SCHEMA, { expectedBytes: body.length });
  push(decoder, body, chunkBytes);
  const held = (await memory()) - before;
  // Still needed up to here.
  decoder.push(Buffer.alloc(0));
  return held;
}

/** Each chunk is one of its own, as Node hands them over. */
function push(decoder, body, chunkBytes) {
  for (let i = 0; i < body.length; i += chunkBytes)
    decoder.push(Uint8Array.prototype.slice.call(body, i, i + chunkBytes));
}

async function memory() {
  // Buffers are given back a turn after nobody needs them.
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
