import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtMissing, imports, scriptFor, siteOf, unasked } from './built';
import { browserMissing, launchChromium, openPage } from './chromium';
import { htmlFor, serve } from './serve';
import { type Driver, lawsOf, type SuitePage } from './suite-page';

const missing = browserMissing ?? builtMissing ?? unasked;

/** One test for each law of a driver, all run in one page that imports the built package. */
export function inPage(driver: Driver, options: { isolated?: boolean } = {}): void {
  const isolation = driver === 'wasm' ? `, cross-origin isolated: ${options.isolated === true}` : '';
  describe.skipIf(missing !== null)(`${driver} in Chromium${isolation} ${missing ?? ''}`, () => {
    let browser: Browser;
    let server: Awaited<ReturnType<typeof serve>>;
    let page: Page;
    let complaints: string[];
    let facts: Awaited<ReturnType<SuitePage['open']>>;
    beforeAll(async () => {
      const pages = { '/': htmlFor('/suite.js', imports), '/suite.js': await scriptFor('test/browser/suite-page.ts') };
      server = await serve(await siteOf(pages), options);
      browser = await launchChromium();
      ({ page, complaints } = await openPage(browser, server.url));
      expect(complaints).toEqual([]);
      facts = await page.evaluate((name) => (globalThis as unknown as SuitePage).open(name), driver);
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    it('is what was asked for', () => {
      console.info(JSON.stringify(facts));
      if (driver !== 'wasm') expect(facts).toMatchObject({ backend: 'gpu', mode: driver });
      else if (options.isolated) expect(facts.threads).toBe(2);
      else expect(facts.threads).toMatch(/^1: .*cross-origin isolated/);
    });

    const never = (): never => {
      throw new Error('laws run in the page'); // here they only say their names
    };
    for (const { name } of lawsOf(driver, never, never)) {
      it(name, async () => {
        const wrong = await page.evaluate((law) => (globalThis as unknown as SuitePage).hold(law), name);
        if (wrong !== null) throw new Error(wrong);
      }, 120_000);
    }

    it('nothing in the page has complained', () => expect(complaints).toEqual([]));
  });
}
