import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtMissing, imports, siteOf, unasked } from './built';
import { browserMissing, launchChromium, openPage } from './chromium';
import { htmlFor, serve } from './serve';

const missing = browserMissing ?? builtMissing ?? unasked;

/** What a user writes, and what every way into a page must give. */
const program = `
  import { gpu } from 'floragrad/gpu';
  import { backend, matmul, setBackend, tensor } from 'floragrad';
  globalThis.product = async (mode) => {
    setBackend(await gpu({ mode }));
    const a = tensor(Float32Array.from({ length: 35 }, (_, i) => i - 17), { shape: [5, 7] });
    const values = await matmul(a, a, { transposeB: true }).data();
    return { mode: backend().describe().mode, values: [...values] };
  };
  globalThis.failure = (options) => gpu(options).then(() => 'none', ({ code, message }) => code + ': ' + message);`;

const expected = Array.from({ length: 25 }, (_, i) => {
  const [row, column] = [Math.floor(i / 5), i % 5];
  return Array.from({ length: 7 }, (_, k) => (7 * row + k - 17) * (7 * column + k - 17)).reduce((a, b) => a + b);
});

interface ProgramPage {
  product(mode?: string): Promise<{ mode: string; values: number[] }>;
  failure(options?: object): Promise<string>;
}

const alias = { floragrad: resolve('dist/index.js'), 'floragrad/gpu': resolve('dist/gpu.js') };

/** The program, the built package and gpu.js in one file, as a user's bundler makes it. */
async function bundled(options: { minify: boolean; keepNames: boolean }): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: '.' },
    alias,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'error',
    ...options,
  });
  return (outputFiles[0] as { text: string }).text;
}

/** The same by rolldown, whose minifier gives short names again and again; vitest brings it along. */
async function rolledUp(): Promise<string> {
  interface Rolldown {
    build(options: object): Promise<{ readonly output: readonly { readonly code: string }[] }>;
  }
  const name = 'rolldown';
  const { build } = (await import(name)) as Rolldown;
  const folder = await mkdtemp(join('node_modules', '.cache-rolldown-'));
  try {
    const input = join(folder, 'program.js');
    await writeFile(input, program);
    const { output } = await build({
      input,
      resolve: { alias },
      platform: 'browser',
      write: false,
      output: { format: 'esm', minify: true, codeSplitting: false },
      logLevel: 'silent',
    });
    expect(output).toHaveLength(1);
    return (output[0] as { code: string }).code;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The program as it is written, for a page that finds the packages with an import map. */
const ours = { floragrad: '/dist/index.js', 'floragrad/gpu': '/dist/gpu.js' };

describe.skipIf(missing !== null)(`ways into a page ${missing ?? ''}`, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  const requests: string[] = [];
  beforeAll(async () => {
    const global = 'data:text/javascript,export default globalThis.GPU';
    const plain = htmlFor('/program.js', { ...ours, 'gpu.js': global });
    const pages: Record<string, string> = {
      '/map': htmlFor('/program.js', { ...ours, ...imports }),
      '/script': plain.replace('<script', '<script src="/gpu-browser.min.js"></script><script'),
      '/core': htmlFor('/core.js', ours),
      '/without': htmlFor('/program.js', ours),
      '/program.js': program,
      '/core.js': `import { matmul, tensor } from 'floragrad';
        globalThis.six = () => matmul(tensor([[2]]), tensor([[3]])).item();`,
      '/rolled-up': htmlFor('/rolled-up.js'),
      '/rolled-up.js': await rolledUp(),
      '/gpu-browser.min.js': readFileSync('node_modules/gpu.js/dist/gpu-browser.min.js', 'utf8'),
    };
    for (const minify of [false, true]) {
      for (const keepNames of [false, true]) {
        const name = `/bundled-${minify}-${keepNames}`;
        pages[name] = htmlFor(`${name}.js`);
        pages[`${name}.js`] = await bundled({ minify, keepNames });
      }
    }
    const site = await siteOf(pages);
    server = await serve((path) => {
      requests.push(path);
      return site(path);
    });
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(path: string): Promise<Page> {
    const { page, complaints } = await openPage(browser, `${server.url}${path}`);
    expect(complaints).toEqual([]);
    return page;
  }
  const productIn = (page: Page, mode?: string): ReturnType<ProgramPage['product']> =>
    page.evaluate((wanted) => (globalThis as unknown as ProgramPage).product(wanted), mode);
  const failureIn = (page: Page, options?: object): Promise<string> =>
    page.evaluate((given) => (globalThis as unknown as ProgramPage).failure(given), options);

  it('floragrad alone fetches no gpu.js, and asks for no adapter and no context', async () => {
    const { page } = await openPage(browser, 'about:blank');
    await page.addInitScript(() => {
      const asked: string[] = [];
      Object.assign(globalThis, { asked });
      const getContext = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: unknown[]) {
        asked.push(String(args[0]));
        return Reflect.apply(getContext, this, args);
      } as typeof getContext;
      const gpu = Object.getOwnPropertyDescriptor(Navigator.prototype, 'gpu');
      Object.defineProperty(Navigator.prototype, 'gpu', {
        get() {
          asked.push('navigator.gpu');
          return gpu?.get?.call(this);
        },
      });
    });
    requests.length = 0;
    await page.goto(`${server.url}core`);
    expect(await page.evaluate(() => (globalThis as unknown as { six(): Promise<number> }).six())).toBe(6);
    expect(await page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked)).toEqual([]);
    expect(requests).toContain('/dist/index.js');
    expect(requests.filter((path) => /gpu/.test(path))).toEqual([]);
    await page.close();
  }, 60_000);

  it.each([
    'map',
    'script',
    'rolled-up',
    'bundled-false-false',
    'bundled-false-true',
    'bundled-true-false',
    'bundled-true-true',
  ])(
    '%s: a product on webgpu and on webgl2',
    async (path) => {
      const page = await open(path);
      for (const mode of ['webgpu', 'webgl2']) expect(await productIn(page, mode)).toEqual({ mode, values: expected });
      await page.close();
    },
    60_000,
  );

  it('a page that cannot find gpu.js says so', async () => {
    const page = await open('without');
    expect(await failureIn(page)).toMatch(/^gpu\/not-installed: .*npm install gpu\.js/s);
    await page.close();
  }, 60_000);

  it('without an adapter webgpu is refused, and auto takes webgl2', async () => {
    const page = await open('map');
    await page.evaluate(() => {
      Object.defineProperty(navigator.gpu, 'requestAdapter', { value: async () => null });
    });
    expect(await failureIn(page, { mode: 'webgpu' })).toMatch(/^gpu\/unavailable: .*webgpu: .*no adapter/s);
    expect(await productIn(page)).toEqual({ mode: 'webgl2', values: expected });
    await page.close();
  }, 60_000);

  it('without any GPU nothing is served from the CPU: the error lists what was tried', async () => {
    const page = await open('map');
    await page.evaluate(() => {
      Object.defineProperty(navigator.gpu, 'requestAdapter', { value: async () => null });
      HTMLCanvasElement.prototype.getContext = () => null;
      if (globalThis.OffscreenCanvas) OffscreenCanvas.prototype.getContext = () => null;
    });
    const error = await failureIn(page);
    expect(error).toMatch(/^gpu\/unavailable: .*webgpu: .*webgl2: .*headlessgl: /s);
    expect(error).toContain('floragrad info');
    await page.close();
  }, 60_000);

  it('a driver that computes wrong numbers is refused', async () => {
    const page = await open('map');
    await page.evaluate(() => {
      const write = GPUQueue.prototype.writeBuffer;
      GPUQueue.prototype.writeBuffer = function (this: GPUQueue, ...args: unknown[]) {
        if (args[2] instanceof Float32Array) args[2] = args[2].map((x) => x * 1.001);
        return Reflect.apply(write, this, args);
      } as typeof write;
    });
    expect(await failureIn(page, { mode: 'webgpu' })).toMatch(/^gpu\/wrong-result: .*is right/s);
    await page.close();
  }, 60_000);
});
