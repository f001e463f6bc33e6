import { type FullBackend, setBackend, setThreads, wasmBackend } from 'floragrad';
import { gpu } from 'floragrad/gpu';
import { agreesWithReference } from './proof';
import type { DeviceName } from './rows';

/** A device that is there, in words; or why it is not. */
export type Opened =
  | { readonly there: true; readonly says: string }
  | { readonly there: false; readonly reason: string; readonly wrong: boolean };

const open = new Map<DeviceName, { readonly backend: FullBackend | null; readonly opened: Opened }>();

/** Makes the device the current one. It is opened once, and a failure is remembered. */
export async function use(device: DeviceName): Promise<Opened> {
  let known = open.get(device);
  if (known === undefined) {
    known = await opening[device]().then(proved).catch(failed);
    open.set(device, known);
  }
  if (known.backend) setBackend(known.backend);
  return known.opened;
}

interface Entry {
  readonly backend: FullBackend | null;
  readonly opened: Opened;
}

const opening: Readonly<Record<DeviceName, () => Promise<Entry>>> = {
  wasm: async () => wasm(wasmBackend()),
  baseline: async () => {
    const best = wasmBackend();
    if (best.describe().build === 'baseline') return absent('it is the build that runs in the rows above');
    return wasm(wasmBackend({ build: 'baseline' }));
  },
  threads: async () => {
    if (!crossOriginIsolated) return absent('threads need shared memory, which browsers give to isolated pages only');
    const made = wasmBackend();
    setBackend(made);
    const threads = await setThreads();
    if (threads === 1) return absent(String(made.describe().threads));
    return { backend: made, opened: { there: true, says: `${threads} threads, ${made.describe().build} build` } };
  },
  webgpu: () => onGpu('webgpu'),
  webgl2: () => onGpu('webgl2'),
};

function wasm(made: FullBackend): Entry {
  return { backend: made, opened: { there: true, says: `${made.describe().build} build` } };
}

async function onGpu(mode: 'webgpu' | 'webgl2'): Promise<Entry> {
  const made = await gpu({ mode });
  return { backend: made, opened: { there: true, says: await adapterOf(made, mode) } };
}

/** What the driver calls itself, and a word where that is a program on the CPU. */
async function adapterOf(made: FullBackend, mode: 'webgpu' | 'webgl2'): Promise<string> {
  const names = [String(made.describe().adapter ?? ''), ...(mode === 'webgpu' ? await webgpuNames() : [])];
  const adapter = [...new Set(names.filter(Boolean))].join(', ') || 'an adapter without a name';
  const software = /swiftshader|llvmpipe|software|basic render/i.test(adapter);
  return software ? `${adapter}: a program that imitates a GPU on the CPU` : adapter;
}

async function webgpuNames(): Promise<string[]> {
  const info = (await navigator.gpu.requestAdapter())?.info;
  return info ? [info.vendor, info.architecture, info.device] : [];
}

/** The device, if it computes what the reference does. */
async function proved(entry: Entry): Promise<Entry> {
  if (entry.backend === null) return entry;
  const wrong = await agreesWithReference(entry.backend);
  return wrong === null ? entry : { backend: null, opened: { there: false, reason: wrong, wrong: true } };
}

const absent = (reason: string): Entry => ({ backend: null, opened: { there: false, reason, wrong: false } });

function failed(error: unknown): Entry {
  const { code, got } = (error ?? {}) as { readonly code?: string; readonly got?: string };
  const reason = got ?? (error instanceof Error ? error.message : String(error));
  // Opening a GPU computes a known product, and says with this code that it came out wrong.
  return { backend: null, opened: { there: false, reason, wrong: code === 'gpu/wrong-result' } };
}
