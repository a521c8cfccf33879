import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
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
    this.send(response, 'docs.html', path.endsWith('/') ? html : html.replaceAll('"./', '"./docs/'));
  }

  @Get('docs/:file')
  @ApiExcludeEndpoint()
  async file(@Param('file') name: string, @Req() { path }: Request, @Res() response: Response): Promise<void> {
    const directory = FILES.get(name);
    if (directory === undefined) throw new KasemError('NOT_FOUND', `there is no ${path}`);
    response.setHeader('Cache-Control', 'max-age=3600');
    this.send(response, name, await readFile(join(directory, name)));
  }

  private send(response: Response, name: string, content: string | Buffer): void {
    response.type(extname(name)).send(content);
  }
}
