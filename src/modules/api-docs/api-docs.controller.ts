import { extname } from 'node:path';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { KasemError } from '../../common/errors/kasem.error.js';
import { Open } from '../../common/http/public.js';
import { ApiDocument } from './api-document.js';
import { DOCS_CONTENT_SECURITY_POLICY, docsFile } from './docs-page.js';

/** Whoever may call may read how, and who may not is told what key is needed. */
@Open()
@Controller()
export class ApiDocsController {
  constructor(private readonly document: ApiDocument) {}

  @Get('openapi.json')
  async describe(@Res() response: Response): Promise<void> {
    response.type('json').send(await this.document.json());
  }

  @Get('docs')
  async page(@Req() { path }: Request, @Res() response: Response): Promise<void> {
    const html = String(await docsFile('docs.html'));
    // Its addresses are relative, so that it works behind a proxy's prefix, and it is there with and without a slash.
    this.send(response, 'docs.html', path.endsWith('/') ? html : html.replaceAll('"./', '"./docs/'));
  }

  @Get('docs/:file')
  async file(
    @Param('file') name: string,
    @Req() { path }: Request,
    @Res() response: Response,
  ): Promise<void> {
    const content = await docsFile(name);
    if (content === undefined) throw new KasemError('NOT_FOUND', `there is no ${path}`);
    response.setHeader('Cache-Control', 'max-age=3600');
    this.send(response, name, content);
  }

  private send(response: Response, name: string, content: string | Buffer): void {
    response.setHeader('Content-Security-Policy', DOCS_CONTENT_SECURITY_POLICY);
    response.type(extname(name)).send(content);
  }
}
