import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unasked } from './built';
import { bundle } from './bundle';
import { browserMissing, launchChromium } from './chromium';
import { serve } from './serve';

const missing = browserMissing ?? unasked;

interface PolicyPage {
  six(): Promise<{ value?: number; code?: unknown; message?: string }>;
  threads(): Promise<{ got: number; says: unknown; sameBits: boolean }>;
}

/** What a page with a Content Security Policy gets; no script stands in it, since a policy may forbid that too. */
describe.skipIf(missing)(`pages with a Content Security Policy ${missing ?? ''}`, () => {
  let browser: Browser;
  let files: Record<string, string>;
  beforeAll(async () => {
    files = {
      '/': '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
      '/floragrad.js': await bundle('src/index.ts'),
      '/page.js': `import { backend, matmul, random, setThreads, tensor } from '/floragrad.js';
        globalThis.six = async () => {
          try {
            return { value: await matmul(tensor([[2]]), tensor([[3]])).item() };
          } catch (error) {
            return { code: error.code, message: error.message };
          }
        };
        globalThis.threads = async () => {
          const x = random.normal(random.key(1), [512, 512]); // large enough to be split
          const one = matmul(x, x).dataSync();
          const got = await setThreads(2);
          const more = matmul(x, x).dataSync();
          return { got, says: backend().describe().threads, sameBits: more.every((value, i) => value === one[i]) };
        };`,
    };
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());

  async function under<T>(policy: string, ask: () => Promise<T>): Promise<T> {
    const server = await serve((path) => files[path], { isolated: true, policy });
    const page = await browser.newPage();
    await page.goto(server.url);
    const answer = await page.evaluate(ask);
    await page.close();
    await server.close();
    return answer as T;
  }
  const six = () => (globalThis as unknown as PolicyPage).six();
  const threads = () => (globalThis as unknown as PolicyPage).threads();

  it("without 'wasm-unsafe-eval': an error that names it", async () => {
    const { code, message } = await under("script-src 'self'", six);
    expect(code).toBe('backend/csp');
    expect(message).toMatch(/script-src has 'wasm-unsafe-eval'/);
  }, 60_000);

  it('without workers from blobs: one thread, and describe() says why', async () => {
    const policy = "script-src 'self' 'wasm-unsafe-eval'";
    expect(await under(policy, six)).toEqual({ value: 6 });
    const { got, says, sameBits } = await under(policy, threads);
    expect({ got, sameBits }).toEqual({ got: 1, sameBits: true });
    expect(says).toMatch(/^1: workers did not start \(.*blob/);
  }, 60_000);

  it('with both, and under nothing else than the guide says: threads', async () => {
    const policy = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:";
    expect(await under(policy, threads)).toEqual({ got: 2, says: 2, sameBits: true });
  }, 60_000);
});
