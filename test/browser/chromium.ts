import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = process.env.CHROMIUM_PATH ?? places.find((place) => existsSync(place));

/** Why browser tests cannot run here; null: they can. In CI a missing browser is a failure instead. */
export const browserMissing =
  executablePath === undefined ? `skipped: no Chromium at ${places.join(', ')} and CHROMIUM_PATH is not set` : null;
if (browserMissing && process.env.FLORAGRAD_REQUIRE_BROWSER === '1') throw new Error(browserMissing);
if (browserMissing) console.info(`browser tests ${browserMissing}`);

/** WebGL2 and WebGPU on software drivers, and a garbage collector that can be asked. */
const args = [
  '--no-sandbox',
  '--enable-unsafe-swiftshader',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--js-flags=--expose-gc',
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath as string, args });
}

/** A page at `url`, and what it complained about: console errors, uncaught exceptions, failed requests. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`request failed: ${request.url()}`));
  await page.goto(url);
  return { page, complaints };
}
