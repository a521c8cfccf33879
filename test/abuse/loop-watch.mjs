// Preloaded into the service: reports on stderr each long turn of the event loop, by the main thread's CPU time. Unlike elapsed
// time, that does not depend on other processes. Linux counts it in nanoseconds.
import { openSync, readSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const WORTH_TELLING_MS = 20;

if (isMainThread) {
  const schedstat = openSync('/proc/self/schedstat');
  const text = Buffer.alloc(64);
  const cpuMs = () => {
    text.fill(0);
    readSync(schedstat, text, 0, text.length, 0);
    return parseInt(text.toString()) / 1e6;
  };
  let before = cpuMs();
  // An unreferenced immediate runs once in each turn but does not keep the loop alive.
  const look = () => {
    const now = cpuMs();
    if (now - before > WORTH_TELLING_MS) writeSync(2, `a turn took ${(now - before).toFixed(0)} ms\n`);
    before = now;
    setImmediate(look).unref();
  };
  setImmediate(look).unref();
}
