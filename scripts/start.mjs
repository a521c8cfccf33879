// npm start: sets up what is missing, then runs the production server in this very process.
import setUp from './setup.mjs';

setUp();
process.env.NODE_ENV ??= 'production';
await import('../dist/main.js');
