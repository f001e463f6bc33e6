import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unasked } from './built';
import { bundle } from './bundle';
import { browserMissing, launchChromium, openPage } from './chromium';
import { serve } from './serve';

const missing = browserMissing ?? unasked;

describe.skipIf(missing)(`examples/page.html ${missing ?? ''}`, () => {
  let browser: Browser;
  let server: { url: string; close(): Promise<void> };
  beforeAll(async () => {
    const files: Record<string, string> = {
      '/': readFileSync('examples/page.html', 'utf8'),
      '/page.js': await bundle('examples/page.ts'),
    };
    [server, browser] = [await serve((path) => files[path]), await launchChromium()];
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('trains, draws its loss, and ends', async () => {
    const { page, complaints } = await openPage(browser, `${server.url}?steps=30`);
    await page.waitForFunction("document.querySelector('#says').value.endsWith('done')");
    const says = await page.inputValue('#says').catch(() => page.textContent('#says'));
    expect(says).toMatch(/^step 30, loss 0\.[0-6]\d+, on wasm, done$/);
    const drawn = await page.evaluate<number>(`{
      const canvas = document.querySelector('#curve');
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((value) => value > 0).length;
    }`);
    expect(drawn).toBeGreaterThan(100);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('stops when it is asked to', async () => {
    const { page } = await openPage(browser, `${server.url}?steps=1000000`);
    await page.click('#stop');
    await page.waitForFunction("document.querySelector('#says').value.endsWith('stopped')");
    await page.close();
  }, 60_000);
});
