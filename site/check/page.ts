// Opens the built page that trains and looks at it as a visitor would: by keyboard, from an address, by a screen reader's
// rules (axe), hidden, in both themes and at both widths, alone on a disk and served with cross-origin isolation.
// Names of checks after the options: only those.
//   --shots FOLDER    where screenshots go (none without it)
//   --longest 50      milliseconds that a task of the main thread may take while trainings run
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, open } from './chromium';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { shots: { type: 'string' }, longest: { type: 'string', default: '50' } },
});
const file = 'dist/playground/index.html';
const url = pathToFileURL(file).href;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
if (values.shots) mkdirSync(values.shots, { recursive: true });

const sizes = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const short =
  'task=linear&seed=3&steps=120&backend=wasm&t=flora,0.02,4,10,reset,gaussian&t=lora,0.02,4,never,keep,haar';

const checks: Readonly<Record<string, (browser: Browser) => Promise<string>>> = {
  'what axe finds': async (browser) => {
    const faults: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [name, viewport] of Object.entries(sizes)) {
        const { page, complaints } = await open(browser, `${url}#${short}`, { colorScheme, viewport });
        for (const state of ['ready', 'done']) {
          if (state === 'done') await runToEnd(page);
          await page.evaluate((open) => {
            for (const details of document.querySelectorAll('details')) details.open = open;
          }, state === 'done');
          faults.push(...(await axeFaults(page)).map((fault) => `${colorScheme}, ${name}, ${state}: ${fault}`));
        }
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.equal(overflow, 0, `${name}: the page is wider than the screen`);
        assert.deepEqual(complaints, []);
        await page.context().close();
      }
    }
    assert.deepEqual(faults, []);
    return 'nothing serious or critical: light and dark, 1280 and 390 pixels, before and after a run';
  },

  'the address': async (browser) => {
    const { page } = await open(browser, `${url}#${short}`);
    assert.equal(await page.getByLabel('Seed').inputValue(), '3');
    assert.equal(await page.getByLabel('Steps', { exact: true }).inputValue(), '120');
    const second = page.getByRole('group', { name: 'Track 2' });
    assert.equal(await second.getByLabel('Method').inputValue(), 'lora');
    await page.getByLabel('Seed').fill('4');
    await page.keyboard.press('Tab');
    assert.equal(new URL(page.url()).hash, `#${short.replace('seed=3', 'seed=4')}`);
    await page.goto(`${url}?preset=no-such`);
    assert.match(await textOf(page, 'problem'), /no preset “no-such”/);
    assert.equal(await page.getByRole('radio').first().isChecked(), true);
    await page.context().close();
    return 'restores a setting, follows an edit, explains what it cannot read';
  },

  'the keyboard': async (browser) => {
    const { page } = await open(browser, `${url}#${short.replace('steps=120', 'steps=9000')}`);
    await phaseIs(page, 'ready');
    await page.keyboard.press('s');
    await until(
      page,
      () => steps(page),
      (taken) => taken === 1,
    );
    await page.keyboard.press('Space');
    await until(
      page,
      () => steps(page),
      (taken) => taken > 20,
    );
    await page.keyboard.press('Space');
    await phaseIs(page, 'paused');
    await page.waitForTimeout(300);
    const paused = await steps(page);
    await page.waitForTimeout(500);
    assert.equal(await steps(page), paused, 'it goes on although it is paused');
    await page.keyboard.press('s');
    await until(
      page,
      () => steps(page),
      (taken) => taken === paused + 1,
    );
    await page.keyboard.press('r');
    await phaseIs(page, 'ready');
    assert.equal(await steps(page), 0);
    await page.context().close();
    return 'space runs and pauses, s takes one step, r goes back to the beginning';
  },

  'a hidden page': async (browser) => {
    const { page } = await open(browser, `${url}#${short.replace('steps=120', 'steps=9000')}`);
    await page.getByTestId('run').click();
    await until(
      page,
      () => steps(page),
      (taken) => taken > 5,
    );
    await hide(page, true);
    await page.waitForTimeout(300);
    const hidden = await steps(page);
    await page.waitForTimeout(500);
    assert.equal(await steps(page), hidden, 'it trains although it is hidden');
    await hide(page, false);
    await until(
      page,
      () => steps(page),
      (taken) => taken > hidden,
    );
    await page.context().close();
    return 'waits, and goes on when it is seen again';
  },

  'the numbers': async (browser) => {
    const { page } = await open(browser, `${url}?${short}&run`);
    await phaseIs(page, 'done');
    const first = await numbers(page);
    await page.getByTestId('reset').click();
    await runToEnd(page);
    assert.equal(await numbers(page), first, 'another run of the same seed has other numbers');
    const { server, address } = await serve();
    const served = await open(browser, `${address}?${short}&run`);
    await phaseIs(served.page, 'done');
    const isolated = await served.page.evaluate(() => crossOriginIsolated);
    assert.equal(isolated, true);
    const backend = await textOf(served.page, 'backend');
    const others = JSON.stringify(losses(await numbers(served.page)));
    assert.equal(others, JSON.stringify(losses(first)), 'with threads there are other losses');
    assert.deepEqual(served.complaints, []);
    const links = await served.page
      .getByRole('navigation')
      .getByRole('link')
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).pathname));
    assert.ok(
      links.includes('/base/playground/') && links.includes('/base/docs/methods.html'),
      `links lead to ${links}`,
    );
    await served.page.context().close();
    await page.context().close();
    server.close();
    return `equal after a reset, and served with isolation (${backend})`;
  },

  'long tasks': async (browser) => {
    const { page, complaints } = await open(browser, url, { viewport: sizes.wide });
    const said: string[] = [];
    for (const radio of await page.getByRole('radio').all()) {
      await radio.check();
      await page.waitForTimeout(1000); // workers start
      await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
      await page.getByTestId('run').click();
      await page.waitForTimeout(4000);
      const { busy, passed } = longestTask(await browser.stopTracing());
      const preset = await radio.getAttribute('value');
      assert.ok(busy <= Number(values.longest), `${preset}: the main thread was busy for ${busy} ms`);
      said.push(`${preset} ${busy} (${passed})`);
    }
    assert.deepEqual(complaints, []);
    await page.context().close();
    return `the longest task of the main thread, in ms of its own work (and by the clock): ${said.join(', ')}`;
  },

  screenshots: async (browser) => {
    if (!values.shots) return 'none asked for (--shots FOLDER)';
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [name, viewport] of Object.entries(sizes)) {
        const { page } = await open(browser, `${url}?run`, { colorScheme, viewport });
        await page.waitForTimeout(1500);
        await page.screenshot({
          path: `${values.shots}/playground-${name}-${colorScheme}-running.png`,
          fullPage: true,
        });
        await phaseIs(page, 'done');
        await page.waitForTimeout(1500); // the last pictures and the verdict
        await page.screenshot({ path: `${values.shots}/playground-${name}-${colorScheme}-done.png`, fullPage: true });
        await page.context().close();
      }
    }
    return `in ${values.shots}`;
  },
};

const browser = await launchChromium();
for (const [name, check] of Object.entries(checks)) {
  if (positionals.length === 0 || positionals.includes(name)) console.log(`${name}: ${await check(browser)}`);
}
await browser.close();

async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${nodes.map(({ html }) => html.slice(0, 100)).join(', ')}`);
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: by the clock, and of the thread's own work, since others may have the cores. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

function longestTask(trace: Buffer): { readonly busy: number; readonly passed: number } {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const main = new Set(mains.map(thread));
  const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && main.has(thread(event)));
  assert.ok(tasks.length > 100, `the trace has only ${tasks.length} tasks of the main thread`);
  const most = (of: 'dur' | 'tdur') => Math.round(Math.max(...tasks.map((task) => task[of] ?? 0)) / 1000);
  return { busy: most('tdur'), passed: most('dur') };
}

async function textOf(page: Page, testId: string): Promise<string> {
  return (await page.getByTestId(testId).textContent()) ?? '';
}

async function steps(page: Page): Promise<number> {
  const [taken = ''] = (await textOf(page, 'done')).split('/');
  return Number(taken.replace(/\D/g, ''));
}

function phaseIs(page: Page, phase: string): Promise<void> {
  return until(
    page,
    () => textOf(page, 'phase'),
    (now) => now === phase,
  );
}

async function runToEnd(page: Page): Promise<void> {
  await page.getByTestId('run').click();
  await phaseIs(page, 'done');
}

/** Asks again and again, for a minute. */
async function until<T>(page: Page, ask: () => Promise<T>, right: (value: T) => boolean): Promise<void> {
  let last = await ask();
  for (const end = Date.now() + 60_000; Date.now() < end; last = await ask()) {
    if (right(last)) return;
    await page.waitForTimeout(30);
  }
  assert.fail(`after a minute it is still ${last}`);
}

/** Headless pages are never hidden: what the page asks for says so instead. */
function hide(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

async function numbers(page: Page): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('numbers').click()]);
  return readFileSync(await download.path(), 'utf8');
}

function losses(numbers: string): unknown {
  const { outcomes } = JSON.parse(numbers) as { outcomes: { readings: unknown }[] };
  return outcomes.map(({ readings }) => readings);
}

/** Below a path, as a site may be, and with the headers that give a page shared memory. */
async function serve() {
  const html = readFileSync(file);
  const server = createServer((request, response) => {
    const found = request.url?.startsWith('/base/playground/');
    response.writeHead(found ? 200 : 404, {
      'content-type': 'text/html',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(found ? html : undefined);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/playground/` };
}
