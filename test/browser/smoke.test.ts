import { existsSync, readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as floragrad from '../../src/index';
import { unasked } from './built';
import { bundle } from './bundle';
import { browserMissing, launchChromium, openPage } from './chromium';
import { htmlFor, serve } from './serve';
import { trainTenSteps } from './training';
import type { Waited } from './yielding';

const missing = browserMissing ?? unasked;

interface SmokePage {
  losses(): Promise<number[]>;
  onThreads(count: number): Promise<{ got: number; says: string | number; losses: number[]; sameBits: boolean }>;
  waited(yields: boolean): Promise<Waited>;
  waitedInWorker(yields: boolean): Promise<Waited>;
}

/** What `import 'floragrad'` gives a page: the files of the built package, or, before a build, one bundle of src. */
async function packageFiles(): Promise<(path: string) => string | undefined> {
  if (existsSync('dist/index.js')) {
    return (path) =>
      path.startsWith('/dist/') && existsSync(`.${path}`) ? readFileSync(`.${path}`, 'utf8') : undefined;
  }
  console.info('browser smoke test: dist is not built, so the page gets a bundle of src');
  const source = await bundle('src/index.ts');
  return (path) => (path === '/dist/index.js' ? source : undefined);
}

describe.skipIf(missing)(`the package in Chromium ${missing ?? ''}`, () => {
  let browser: Browser;
  let file: (path: string) => string | undefined;
  beforeAll(async () => {
    const built = await packageFiles();
    const pages: Record<string, string> = {
      '/': htmlFor('/page.js'),
      '/training.js': await bundle('test/browser/training.ts'),
      '/yielding.js': await bundle('test/browser/yielding.ts'),
      '/worker.js': `import * as floragrad from '/dist/index.js';
        import { trainWhileTicking } from '/yielding.js';
        onmessage = async ({ data }) => postMessage(await trainWhileTicking(floragrad, data));`,
      '/page.js': `import * as floragrad from '/dist/index.js';
        import { trainTenSteps } from '/training.js';
        import { trainWhileTicking } from '/yielding.js';
        globalThis.waited = (yields) => trainWhileTicking(floragrad, yields);
        globalThis.waitedInWorker = (yields) => new Promise((resolve, reject) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = reject;
          worker.postMessage(yields);
        });
        globalThis.losses = () => trainTenSteps(floragrad);
        globalThis.onThreads = async (count) => {
          const { backend, matmul, random, setThreads } = floragrad;
          const x = random.normal(random.key(1), [512, 512]); // large enough to be split
          const one = matmul(x, x).dataSync();
          const got = await setThreads(count);
          const more = matmul(x, x).dataSync();
          const sameBits = more.every((value, i) => value === one[i]);
          return { got, says: backend().describe().threads, losses: await losses(), sameBits };
        };`,
    };
    file = (path) => pages[path] ?? built(path);
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());

  it.each([false, true])(
    'trains as in Node, on two threads where it may, cross-origin isolated: %s',
    async (isolated) => {
      const server = await serve(file, { isolated });
      const { page, complaints } = await openPage(browser, server.url);
      expect(complaints).toEqual([]);
      expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(isolated);
      const losses = await page.evaluate(() => (globalThis as unknown as SmokePage).losses());
      const inNode = await trainTenSteps(floragrad);
      expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] as number));
      // The engines may differ in the last bit of exp and tanh, and training carries that on.
      for (const [step, loss] of losses.entries()) expect(loss).toBeCloseTo(inNode[step] as number, 5);
      const threaded = await page.evaluate(() => (globalThis as unknown as SmokePage).onThreads(2));
      expect(threaded).toMatchObject({ got: isolated ? 2 : 1, losses, sameBits: true });
      if (isolated) expect(threaded.says).toBe(2);
      else expect(threaded.says).toMatch(/^1: .*cross-origin isolated/);
      expect(complaints).toEqual([]);
      await page.close();
      await server.close();
    },
    60_000,
  );

  it('lets timers and frames run during a training that yields, in a page and in a worker, and none in one that does not', async () => {
    const server = await serve(file, { isolated: false });
    const { page, complaints } = await openPage(browser, server.url);
    for (const where of ['waited', 'waitedInWorker'] as const) {
      const train = (yields: boolean): Promise<Waited> =>
        page.evaluate(([name, on]) => (globalThis as unknown as SmokePage)[name](on), [where, yields] as const);
      expect(await train(false), where).toEqual({ steps: 200, ticks: 0, frames: 0 });
      const { steps, ticks, frames } = await train(true);
      expect(steps, where).toBeLessThan(100_000);
      expect(ticks, where).toBeGreaterThanOrEqual(3);
      expect(frames, where).toBeGreaterThanOrEqual(where === 'waited' ? 3 : 0);
    }
    expect(complaints).toEqual([]);
    await page.close();
    await server.close();
  }, 60_000);
});
