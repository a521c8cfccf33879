import { Module } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { KasemExceptionFilter } from '../http/kasem-exception.filter.js';
import { BodyBudget } from './body-budget.js';
import { MethodThreads } from './method-threads.js';
import { Methods } from './methods.js';

/**
 * What every method needs: the exception filter, the budget of bodies in flight, threads, and the check of the declarations.
 * A module with a method imports it. The filter is global in Nest: it handles the failures of every route.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [{ provide: APP_FILTER, useClass: KasemExceptionFilter }, BodyBudget, Methods, MethodThreads],
  exports: [BodyBudget, Methods, MethodThreads],
})
export class MethodModule {}
