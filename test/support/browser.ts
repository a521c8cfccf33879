import { chromium, type Browser } from 'playwright-core';

/** Debian's Chromium, without requests of its own to other hosts. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A host name that is not localhost, so that its pages are no secure context.
      '--host-resolver-rules=MAP kasem.test 127.0.0.1',
    ],
  });
}
