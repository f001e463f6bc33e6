import { wasmBackend } from 'floragrad';
import { use } from './measure/devices';
import { memory } from './measure/memory';
import type { FromWorker, Outcome } from './measure/outcome';
import { product } from './measure/product';
import { type DeviceName, type Row, rows } from './measure/rows';
import { tokens } from './measure/training';

/** The part of a worker's global scope that is used here: the types of pages know `postMessage` in another form. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  onmessage: (() => void) | null;
}

const page = globalThis as unknown as WorkerScope;
const now = (): number => performance.now();
const said = new Set<DeviceName>();

page.onmessage = async () => {
  const { build, relaxedSimd } = wasmBackend().describe();
  page.postMessage({
    kind: 'about',
    about: {
      browser: navigator.userAgent,
      cores: navigator.hardwareConcurrency,
      isolated: crossOriginIsolated,
      build: build === 'relaxed' ? 'relaxed SIMD' : `baseline SIMD (relaxed: ${relaxedSimd})`,
    },
  });
  for (const row of rows) {
    page.postMessage({ kind: 'begin', id: row.id });
    const outcome = await outcomeOf(row).catch(
      (error): Outcome => ({ kind: 'absent', reason: error instanceof Error ? error.message : String(error) }),
    );
    page.postMessage({ kind: 'outcome', id: row.id, outcome });
  }
  page.postMessage({ kind: 'done' });
};

async function outcomeOf(row: Row): Promise<Outcome> {
  if (row.kind === 'memory') return memory(row.shared);
  const opened = await use(row.device);
  if (!opened.there) return { kind: opened.wrong ? 'wrong' : 'absent', reason: opened.reason };
  if (!said.has(row.device)) page.postMessage({ kind: 'device', device: row.device, says: opened.says });
  said.add(row.device);
  if (row.kind === 'training') return tokens(now);
  const late = slow(row.device, row.size);
  if (late !== null) return { kind: 'absent', reason: late };
  const outcome = await product(row.size, now);
  if (outcome.kind === 'measured')
    seconds.set(row.device, { size: row.size, seconds: (2 * row.size ** 3) / 1e9 / outcome.median });
  return outcome;
}

/** How long the last product of each device took. */
const seconds = new Map<DeviceName, { readonly size: number; readonly seconds: number }>();

/** Why a product is left out that would take many seconds, as on a program that imitates a GPU; null: it is not. */
function slow(device: DeviceName, size: number): string | null {
  const last = seconds.get(device);
  if (last === undefined) return null;
  const expected = last.seconds * (size / last.size) ** 3;
  if (expected < 1) return null;
  return `left out: after ${last.size}×${last.size}×${last.size} it would take about ${expected.toFixed(1)} s a product`;
}
