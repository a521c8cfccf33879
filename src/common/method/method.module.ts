import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { KasemExceptionFilter } from '../http/kasem-exception.filter.js';
import { BodyBudget } from './body-budget.js';

/** What every method needs: the filter that turns failures into error codes, and the budget of bodies in flight. */
@Global()
@Module({
  providers: [{ provide: APP_FILTER, useClass: KasemExceptionFilter }, BodyBudget],
  exports: [BodyBudget],
})
export class MethodModule {}
