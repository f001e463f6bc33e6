import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GpuMode } from '../gpu/device';
import { expectSpike } from '../gpu/expect-spike';
import type { SpikePage } from '../gpu/page';
import { bundle } from './bundle';
import { browserMissing, launchChromium, openPage } from './chromium';
import { htmlFor, serve } from './serve';

// Software drivers: this shows that the contract fits, not how fast a GPU is.
describe.skipIf(browserMissing)(`gpu.js behind the backend contract, in Chromium ${browserMissing ?? ''}`, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    const script = await bundle('test/gpu/page.ts');
    const files: Record<string, string> = { '/': htmlFor('/page.js'), '/page.js': script };
    server = await serve((path) => files[path]);
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each<GpuMode>(['webgpu', 'webgl2'])(
    'trains on %s without waiting and leaves nothing behind',
    async (mode) => {
      const { page, complaints } = await openPage(browser, server.url);
      const run = (name: GpuMode) => (globalThis as unknown as SpikePage).spike(name);
      const report = await page.evaluate(run, mode);
      expect(report.mode).toBe(mode);
      expectSpike(report);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );
});
