// The service, from its source, with a method that runs on a thread.
import { createApp } from '../src/app.factory.js';
import { METHODS } from '../src/app.module.js';
import { loadEnvironment } from '../src/modules/config/config.module.js';
import { serve } from '../src/serve.js';
import { BandEnergyModule } from '../test/fixtures/methods/band-energy/band-energy.module.js';

await serve(await createApp(await loadEnvironment(), [...METHODS, BandEnergyModule]));
