// A thread of each worker process: kills the process if it has not ended by itself some time after its parent.
const CHECK_MS = 1_000;
const GRACE_MS = 5_000;

const parent = process.ppid;
const timer = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(timer);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS);
}, CHECK_MS);
