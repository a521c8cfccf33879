// npm start: sets up what is missing, then runs the production server in this very process.
import setUp from './setup.mjs';

setUp();

// npm ends at once on SIGTERM and does not hand it on: the service drains then as well.
const parent = process.ppid;
const timer = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGTERM');
}, 500).unref();

process.env.NODE_ENV ??= 'production';
await import('../dist/main.js');
