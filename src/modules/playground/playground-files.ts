import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { type Response } from 'express';
import { type HttpAdapter } from '../../common/http/http-adapter.js';
import { pageHeaders } from '../../common/http/security-headers.js';

/** Made of page/ by the build: the page's own files, and those that it shares with the service. */
const ASSETS = resolve(import.meta.dirname, '../../../dist/assets');
/** Programs that the page shows with the address and the file of its call. */
const EXAMPLES = resolve(import.meta.dirname, '../../../examples');
const UPLOT = resolve(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');

/** Asked for anew each time, by tag or time, so that files of two versions never meet. */
const HEADERS = { 'Cache-Control': 'no-cache' };

/** Styles that scripts set on elements, as uPlot does, are no inline styles to a browser. */
export const playgroundHeaders = pageHeaders({ 'worker-src': "'self'" });

export const sendPage = (response: Response): void =>
  response.sendFile('index.html', { root: resolve(ASSETS, 'modules/playground/page'), headers: HEADERS });

/** The files that the page loads. */
export function serveAssets(adapter: HttpAdapter): void {
  const setHeaders = (response: Response): void => void response.set(HEADERS);
  adapter.use('/assets/', playgroundHeaders);
  for (const [prefix, directory] of Object.entries({
    '/assets/uplot/': UPLOT,
    '/assets/examples/': EXAMPLES,
    '/assets/': ASSETS,
  }))
    adapter.useStaticAssets(directory, { prefix, index: false, redirect: false, setHeaders });
}
