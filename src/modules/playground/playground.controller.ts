import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { Public } from '../../common/http/public.js';
import { allRoutes } from '../../common/http/routes.js';
import { VERSION } from '../../version.js';
import { Environment } from '../../common/config/environment.js';
import { sendPage } from './playground-files.js';

/** Whoever may call may see what there is to call. */
@Public()
@ApiExcludeController()
@Controller()
export class PlaygroundController {
  constructor(private readonly environment: Environment) {}

  @Get()
  root(@Req() request: Request, @Res() response: Response): void {
    if (this.environment.PLAYGROUND === 'on') sendPage(response);
    else
      response.json({
        error: 0,
        log: 'the routes of the service; /docs describes them',
        service: 'kasem-time-series',
        version: VERSION,
        routes: allRoutes(request),
      });
  }
}
