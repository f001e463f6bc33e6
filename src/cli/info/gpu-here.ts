import { type GpuMode, gpu } from '../../gpu';
import { BackendError } from '../../index';

/** What one mode of the GPU backend can do on this machine. */
export interface GpuHere {
  readonly mode: GpuMode;
  /** The adapter; or `null`, and then what is missing and the command to get it. */
  readonly adapter: string | null;
  readonly missing?: string;
  readonly command?: string;
}

/** Tries each mode: the device is opened, and computes its known product. */
export async function gpusHere(env: Readonly<Record<string, string | undefined>>): Promise<GpuHere[]> {
  const found: GpuHere[] = [];
  for (const mode of ['webgpu', 'headlessgl'] as const) {
    try {
      const { adapter } = (await gpu({ mode })).describe();
      found.push({ mode, adapter: String(adapter) });
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      found.push({ mode, adapter: null, missing: error.got, command: await commandFor(mode, error, env) });
    }
  }
  const elsewhere = 'a browser: webgl2 is for pages';
  return [...found, { mode: 'webgl2', adapter: null, missing: elsewhere, command: 'see docs/guides/gpu.md' }];
}

/** What to type next. */
async function commandFor(
  mode: 'webgpu' | 'headlessgl',
  error: BackendError,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (error.code === 'gpu/wrong-result') return 'update the driver';
  const absent: string[] = [];
  if (!(await loads('gpu.js', 'GPU'))) absent.push('gpu.js@2.24.1');
  if (mode === 'webgpu' && !(await loads('webgpu', 'create'))) absent.push('webgpu@0.6.2');
  if (mode === 'headlessgl' && !(await loads('gl', 'default'))) absent.push('gl@8.1.6');
  if (absent.length > 0) return `npm install ${absent.join(' ')}`;
  if (process.platform !== 'linux') return "install or update the graphics card's driver";
  if (mode === 'headlessgl' && env.DISPLAY === undefined)
    return 'apt-get install xvfb && xvfb-run -a npx floragrad info';
  return mode === 'webgpu'
    ? 'apt-get install libvulkan1 mesa-vulkan-drivers'
    : 'apt-get install libgl1-mesa-dri libglu1-mesa';
}

/** A package is there, and gives this function: the empty package that may stand in for a driver does not. */
async function loads(name: string, of: string): Promise<boolean> {
  const loaded = (await import(name).catch(() => ({}))) as Record<string, unknown>;
  return typeof loaded[of] === 'function';
}
