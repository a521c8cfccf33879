import { Global, Module } from '@nestjs/common';
import { Drain } from './drain.js';

/** What every request meets, whichever its route. */
@Global()
@Module({ providers: [Drain], exports: [Drain] })
export class HttpModule {}
