import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { KasemError } from '../../common/errors/kasem.error.js';
import { Public } from '../../common/http/public.js';
import { ApiDocument } from './api-document.js';

const PAGE = join(import.meta.dirname, 'page');
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The files that the page loads. swagger-ui-dist has 11 MB more, of other bundles and source maps. */
const FILES = new Map([
  ['docs.html', PAGE],
  ['docs.css', PAGE],
  ['docs.js', PAGE],
  ['icon.svg', PAGE],
  ['swagger-ui.css', SWAGGER_UI],
  ['swagger-ui-bundle.js', SWAGGER_UI],
]);

/** Public, since clients without a key can read here which key they need. */
@Public()
@ApiTags('service')
@Controller()
export class ApiDocsController {
  constructor(private readonly document: ApiDocument) {}

  @Get('openapi.json')
  @ApiOperation({ summary: 'This description' })
  @ApiOkResponse({ description: 'OpenAPI 3.1.', schema: { type: 'object' } })
  describe(@Res() response: Response): void {
    response.type('json').send(this.document.json());
  }

  @Get('docs')
  @ApiExcludeEndpoint()
  async page(@Req() { path }: Request, @Res() response: Response): Promise<void> {
    const html = await readFile(join(PAGE, 'docs.html'), 'utf8');
    // The page is served with and without a trailing slash. Its URLs are relative, so that they work behind a proxy's prefix.
    response.type('html').send(path.endsWith('/') ? html : html.replaceAll('"./', '"./docs/'));
  }

  @Get('docs/:file')
  @ApiExcludeEndpoint()
  file(@Param('file') name: string, @Req() { path }: Request, @Res() response: Response): void {
    const root = FILES.get(name);
    if (root === undefined) throw new KasemError('NOT_FOUND', `there is no ${path}`);
    response.sendFile(name, { root, headers: { 'Cache-Control': 'max-age=3600' } });
  }
}
