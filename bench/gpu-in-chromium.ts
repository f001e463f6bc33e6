// `npm run bench:matmul -- --backend gpu` for the modes of a browser: npm run bench:chromium [SIZE [ROUNDS]].

import { textTable } from '../src/cli/terminal/table';
import { bundle } from '../test/browser/bundle';
import { launchChromium, openPage } from '../test/browser/chromium';
import { htmlFor, serve } from '../test/browser/serve';
import { type BenchOutput, benchColumns } from './matmul/rounds';

const [size = 256, repeats = 5] = process.argv.slice(2).map(Number);
const pages: Record<string, string> = { '/': htmlFor('/page.js'), '/page.js': await bundle('bench/gpu-page.ts') };
const server = await serve((path) => pages[path]);
const browser = await launchChromium();
try {
  for (const mode of ['webgpu', 'webgl2']) {
    const { page } = await openPage(browser, server.url);
    const run = `globalThis.bench(${JSON.stringify(mode)}, ${size}, ${repeats})`;
    const { variants, uploadMilliseconds, readBackMilliseconds } = (await page.evaluate(run)) as BenchOutput;
    console.log(`${mode} in Chromium ${browser.version()}, ${size}³, ${repeats} rounds`);
    console.log(textTable(benchColumns, variants).join('\n'));
    console.log(`upload ${uploadMilliseconds.toFixed(2)} ms, read-back ${readBackMilliseconds.toFixed(2)} ms\n`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
