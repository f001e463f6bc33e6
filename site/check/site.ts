// Pages of the built site in Chromium, served from its sub-path: wide and narrow, light and dark. No complaint in the console, no
// request to elsewhere, nothing wider than the window, no serious fault that axe finds.
//   --shots FOLDER   screenshots of all of them
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launchChromium } from '../../test/browser/chromium';
import navigation from '../navigation.json';
import { serve } from './serve';

const looked = [
  '',
  'start.html',
  'docs/guides/train-a-model.html',
  'docs/methods.html',
  'docs/results.html',
  'docs/adapters.html',
  'reference/tensors.html',
  'reference/compression.html',
];
/** Rules are the same on all pages of a kind. */
const judged = new Set(['', 'docs/guides/train-a-model.html', 'docs/methods.html', 'reference/compression.html']);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const { values } = parseArgs({ options: { shots: { type: 'string' } } });
if (values.shots) mkdirSync(values.shots, { recursive: true });
const served = await serve();
const browser = await launchChromium();
const faults: string[] = [];
for (const width of [1280, 390]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const path of looked) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const name = `${path || 'home'}, ${width} wide, ${colorScheme}`;
      await look(page, path, (fault) => faults.push(`${name}: ${fault}`));
      if (values.shots)
        await page.screenshot({
          path: `${values.shots}/${(path || 'home').replace(/\W+/g, '-')}-${width}-${colorScheme}.png`,
        });
      await page.close();
    }
  }
}
for (const part of ['', 'source/', 'playground/']) await followHeader(part);
await browser.close();
await served.close();
console.log(`${looked.length} pages, each in four forms: ${faults.length} faults`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

async function look(page: Page, path: string, fault: (sentence: string) => void): Promise<void> {
  page.on('console', (message) => message.type() === 'error' && fault(message.text()));
  page.on('pageerror', (error) => fault(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(served.address) && !/^(data|blob):/.test(request.url()))
      fault(`asks for ${request.url()}`);
  });
  await page.goto(`${served.address}${path}`, { waitUntil: 'networkidle' });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) fault(`is ${over} pixels wider than the window`);
  if (!judged.has(path)) return;
  await page.evaluate(axe);
  const serious = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run();
    // VitePress draws one half of the shortcut on the button of the search by a style, so that the other stands in its text.
    const ours = (html: string): boolean => !html.includes('DocSearch-Button');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ html }) => html).filter(ours) }))
      .filter(({ at }) => at.length > 0)
      .map(({ id, help, at }) => `${id}: ${help}, ${at.length} times, as in ${at[0]?.slice(0, 120)}`);
  });
  for (const sentence of serious) fault(sentence);
}

/** The header is the same on all parts, which write its links each in their own way. */
async function followHeader(part: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${served.address}${part}`, { waitUntil: 'networkidle' });
  const links = await page
    .locator('header nav a')
    .evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href));
  if (links.length < navigation.length)
    faults.push(`${part || 'home'}: its header has ${links.length} links, navigation.json ${navigation.length}`);
  for (const link of links) {
    const { status } = await fetch(link);
    if (status !== 200) faults.push(`${part || 'home'}: ${link} of the header leads nowhere`);
  }
  await page.close();
}
