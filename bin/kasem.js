#!/usr/bin/env node
// Stands in the checkout before anything is built: npx links a command once, and only to a file that is there.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/kasem.js', import.meta.url);
if (!existsSync(built)) (await import('../scripts/setup.mjs')).default();
await import(built);
