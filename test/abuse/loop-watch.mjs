// Preloaded into the service: says on the standard error for how much CPU time a turn of the event loop held it. CPU time and
// not time, since other processes have their turns as well; of the main thread, which Linux counts in nanoseconds.
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
  // Unreferenced, it runs once in each turn that there is, and makes none by itself.
  const look = () => {
    const now = cpuMs();
    if (now - before > WORTH_TELLING_MS) writeSync(2, `a turn took ${(now - before).toFixed(0)} ms\n`);
    before = now;
    setImmediate(look).unref();
  };
  setImmediate(look).unref();
}
