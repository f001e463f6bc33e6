// Ten searches in the built site: typed into its search box in Chromium, each has to find its page among the first three.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium, openPage } from '../../test/browser/chromium';
import { base, dist, serve } from './serve';

/** What is typed, and the page that has to be found. */
const searches: readonly (readonly [typed: string, page: string])[] = [
  ['refreshEvery', 'reference/compression.html'],
  ['scope/freed', 'docs/errors.html'],
  ['PeriodicLoRA', 'docs/guides/adapters.html'],
  ['unbiased', 'docs/results.html'],
  ['threads isolated', 'docs/decisions/0011-threads.html'],
  ['checkpoint resume', 'docs/guides/train-a-model.html'],
  ['softmax', 'reference/tensors.html'],
  ['webgpu', 'docs/guides/gpu.html'],
  ['second derivative', 'docs/guides/write-an-op.html'],
  ['safetensors', 'docs/guides/files.html'],
  ['who frees a tensor', 'docs/decisions/0005-values-scopes-residents.html'],
  ['port from PyTorch', 'docs/guides/for-pytorch-users.html'],
];
const among = 3;

const index = readdirSync(join(dist, 'assets/chunks')).find((name) => name.includes('localSearchIndex'));
if (index === undefined) throw new Error(`there is no index in ${dist}: run npm run site first`);
console.log(`index: ${(statSync(join(dist, 'assets/chunks', index)).size / 1024).toFixed(0)} KiB`);

const served = await serve();
const browser = await launchChromium();
const { page, complaints } = await openPage(browser, served.address);
let missed = 0;
for (const [typed, wanted] of searches) {
  const found = await find(typed);
  const rank = found.indexOf(wanted) + 1;
  const good = rank > 0 && rank <= among;
  if (!good) missed += 1;
  console.log(
    `${good ? 'found' : 'MISSED'}  ${typed} → ${wanted}: ${rank || 'not'} of ${found.length}${good ? '' : `, after ${found.slice(0, 4).join(', ')}`}`,
  );
}
for (const complaint of complaints) console.error(complaint);
await browser.close();
await served.close();
process.exitCode = missed > 0 || complaints.length > 0 ? 1 : 0;

/** Pages in the order in which they are found, each once. */
async function find(typed: string): Promise<string[]> {
  await page.keyboard.press('Control+KeyK');
  const box = page.locator('.VPLocalSearchBox input');
  await box.fill('');
  await box.pressSequentially(typed);
  await page.waitForTimeout(700); // results follow what is typed at a distance
  const links = await page
    .locator('.VPLocalSearchBox .results a')
    .evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''));
  await page.keyboard.press('Escape');
  return [...new Set(links.map((href) => href.slice(base.length).replace(/#.*/, '')))];
}
