// npm start: sets up what is missing, then runs the production server in this process.
import setUp from './setup.mjs';

setUp();

// npm ends at once on SIGTERM and does not pass it on, so the service drains when its parent has ended.
const parent = process.ppid;
const timer = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGTERM');
}, 500).unref();

process.env.NODE_ENV ??= 'production';
await import('../dist/main.js');
