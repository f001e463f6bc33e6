import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export { launchChromium } from '../../test/browser/chromium';

export interface Opened {
  readonly page: Page;
  /** Console errors, uncaught exceptions, and requests that leave the place where the page lies. */
  readonly complaints: readonly string[];
}

/** A page at `url` in a context of its own. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.stack ?? error}`));
  const home = new URL('.', url).href;
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(home)) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  await page.goto(url);
  return { page, complaints };
}
