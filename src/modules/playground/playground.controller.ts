import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Response } from 'express';
import { Public } from '../../common/http/public.js';
import { sendPage } from './playground-files.js';

@Public()
@ApiExcludeController()
@Controller()
export class PlaygroundController {
  @Get()
  page(@Res() response: Response): void {
    sendPage(response);
  }
}
