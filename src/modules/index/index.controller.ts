import { Controller, Get } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { type HttpAdapter } from '../../common/http/http-adapter.js';
import { Public } from '../../common/http/public.js';
import { VERSION } from '../../version.js';

/** Lists the routes at / if the playground is off. */
@Public()
@ApiExcludeController()
@Controller()
export class IndexController {
  constructor(private readonly adapterHost: HttpAdapterHost<HttpAdapter>) {}

  @Get()
  index(): object {
    return {
      error: 0,
      log: 'the routes of the service; /docs describes them',
      service: 'kasem-time-series',
      version: VERSION,
      routes: this.adapterHost.httpAdapter.routes.list().map(({ path, verbs }) => ({ path, methods: verbs })),
    };
  }
}
