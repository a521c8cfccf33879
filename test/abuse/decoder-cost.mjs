// Measures the time and memory that the built decoder needs for bodies from the parent process. Runs in its own process with
// --expose-gc, so that nothing else uses time or memory.
import { setImmediate } from 'node:timers/promises';
import { createFrameDecoder } from '../../dist/common/frame/frame-codec.js';

const SCHEMA = { params: ['scale'], series: ['e1_ts', 'e2_ts'] };

process.on('message', async ({ pieces, chunkBytes, rounds }) => {
  const body = Buffer.concat(pieces.map(([text, times]) => Buffer.from(text.repeat(times))));
  const cpuNs = [];
  for (let round = 0; round < rounds; round++) cpuNs.push(await cpuOf(body, chunkBytes));
  process.send({ cpuNs: Math.min(...cpuNs), heldBytes: await heldFor(body, chunkBytes) });
});

/** Nanoseconds of CPU time of all threads, including garbage collection. */
async function cpuOf(body, chunkBytes) {
  const before = process.cpuUsage();
  const decoder = createFrameDecoder(SCHEMA, { expectedBytes: body.length });
  push(decoder, body, chunkBytes);
  await decoder.end().catch(() => undefined);
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1e3;
}

/** The bytes that the decoder holds after the last chunk, before end(). */
async function heldFor(body, chunkBytes) {
  const before = await memory();
  const decoder = createFrameDecoder(SCHEMA, { expectedBytes: body.length });
  push(decoder, body, chunkBytes);
  const held = (await memory()) - before;
  // Keeps the decoder reachable until here.
  decoder.push(Buffer.alloc(0));
  return held;
}

/** Copies each chunk, as each of Node's has its own memory. */
function push(decoder, body, chunkBytes) {
  for (let i = 0; i < body.length; i += chunkBytes)
    decoder.push(Uint8Array.prototype.slice.call(body, i, i + chunkBytes));
}

async function memory() {
  // The memory of an unreachable buffer is freed one turn later.
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
