/** Lets Node run TypeScript, with `node --import`. */
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);
