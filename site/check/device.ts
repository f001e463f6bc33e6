// Opens the page that measures the device, built before, in a headless Chromium, and looks at what a visitor would see:
//   cd site && npx vite build device && npm run check:device [-- FOLDER]     screenshots go into FOLDER
// It fails where a row is missing or wrong, on a console error, a request to anywhere, or a serious fault of accessibility.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { launchChromium, openPage } from '../../test/browser/chromium';
import { serve } from '../../test/browser/serve';

interface Seen {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

const folder = process.argv[2];
const html = readFileSync('dist/device/index.html', 'utf8');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const faults: string[] = [];
const browser = await launchChromium();
for (const isolated of [true, false]) await visit(isolated);
await browser.close();
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'The page of devices is right.' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function visit(isolated: boolean): Promise<void> {
  const asked: string[] = [];
  const server = await serve(
    (path) => {
      asked.push(path);
      return path === '/device/' ? html : undefined;
    },
    { isolated },
  );
  const { page, complaints } = await openPage(browser, `${server.url}device/`);
  const where = isolated ? 'isolated' : 'not isolated';
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.setViewportSize({ width: 1280, height: 900 });
  await accessible(page, `${where}, at first`);

  // By keyboard: the button begins, ends, and begins again.
  await page.getByRole('button', { name: 'Measure', exact: true }).press('Enter');
  await page.getByText(/Measuring 3 of/).waitFor({ timeout: 60_000 });
  if (isolated) await picture(page, 'running', 1280);
  await page.getByRole('button', { name: 'Cancel' }).press('Enter');
  await page.getByText(/Stopped after \d+ of/).waitFor();
  await page.getByRole('button', { name: 'Measure again' }).press('Enter');
  await page.getByText(/^Done: \d+ rows/).waitFor({ timeout: 240_000 });

  for (const fault of faultsOf(await rowsOf(page), isolated)) faults.push(`${where}: ${fault}`);
  await copied(page, where);
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await accessible(page, `${where}, ${theme}, ${width} px`);
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (beyond > 0) faults.push(`${where}: at ${width} px the page is ${beyond} px too wide`);
      if (isolated) await picture(page, theme, width);
    }
  }
  for (const complaint of complaints) faults.push(`${where}: ${complaint}`);
  for (const url of requests.filter((url) => !/^(blob|data):/.test(url))) faults.push(`${where}: a request to ${url}`);
  for (const path of asked.filter((path) => path !== '/device/'))
    faults.push(`${where}: the server was asked for ${path}`);
  await page.close();
  await server.close();
}

/** Rows as they stand in the page, and groups that have one sentence in place of rows. */
async function rowsOf(page: Page): Promise<Seen[]> {
  return page.locator('tr[data-row]').evaluateAll((found) =>
    found.map((row) => ({
      id: row.getAttribute('data-row') ?? '',
      kind: row.getAttribute('data-kind') ?? '',
      text: (row.textContent ?? '').replace(/\s+/g, ' ').trim(),
    })),
  );
}

/** What is missing or wrong. Rows of a GPU may be left out where a program imitates it, but the first of each must be there. */
function faultsOf(seen: readonly Seen[], isolated: boolean): string[] {
  for (const { id, text } of seen) console.log(`${isolated ? 'isolated' : 'plain'} ${id}: ${text}`);
  const must = [
    ...[128, 256, 512, 1024].map((size) => `product-wasm-${size}`),
    'product-webgl2-256',
    'product-webgpu-256',
    'training-wasm',
    'memory',
    ...(isolated ? ['product-threads-512', 'training-threads', 'memory-shared'] : []),
  ];
  const missing = must.filter((id) => seen.find((row) => row.id === id)?.kind !== 'measured');
  const wrong = seen.filter(({ kind }) => kind === 'wrong' || kind === 'waiting');
  return [
    ...missing.map((id) => `${id} is not measured`),
    ...wrong.map(({ id, kind, text }) => `${id} is ${kind}: ${text}`),
  ];
}

/** Both copies, as the clipboard has them. */
async function copied(page: Page, where: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await page.getByText('Copied as JSON.').waitFor();
  const { numbers } = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  for (const { id, kind, median } of numbers)
    if (kind === 'measured' && !(median > 0 && median < 1e7)) faults.push(`${where}: ${id} has the median ${median}`);
  await page.getByRole('button', { name: 'Copy as text' }).click();
  await page.getByText('Copied as text.').waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const line = /^product 512×512×512, WebAssembly, one thread: [\d.]+ GFLOP\/s/m;
  if (!line.test(text)) faults.push(`${where}: the text has no such line: ${text}`);
}

async function accessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  for (const { id, impact, nodes } of violations.filter(({ impact }) => /serious|critical/.test(impact)))
    faults.push(`${where}: ${impact} ${id}: ${nodes[0]?.html}`);
}

async function picture(page: Page, name: string, width: number): Promise<void> {
  if (folder) await page.screenshot({ path: `${folder}/device-${name}-${width}.png`, fullPage: true });
}
