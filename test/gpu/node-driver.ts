import { existsSync } from 'node:fs';
import type { GpuMode } from '../../src/gpu';

/** Software Vulkan that comes with Debian's chromium. */
const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Packages that may be absent: a variable keeps the compiler and the bundler from looking for them. */
async function load(name: string): Promise<Record<string, unknown>> {
  return import(name).catch(() => ({}));
}

/** Why this mode cannot be tested here, in words; null: it can, and its driver is ready. In CI this must be null. */
export async function driverMissing(mode: GpuMode): Promise<string | null> {
  const missing = mode === 'webgpu' ? await webGpuMissing() : await headlessGlMissing();
  if (missing !== null && process.env.FLORAGRAD_REQUIRE_GPU === '1')
    throw new Error(`${mode} was required: ${missing}`);
  if (missing !== null) console.info(`${mode} in Node is skipped: ${missing}`);
  return missing;
}

async function webGpuMissing(): Promise<string | null> {
  const { create, globals } = (await load('webgpu')) as { create?: (options: string[]) => GPU; globals?: object };
  if (!create) return 'the webgpu package is not installed (npm ci --prefix test/gpu)';
  if (process.env.VK_ICD_FILENAMES === undefined && existsSync(swiftshader)) process.env.VK_ICD_FILENAMES = swiftshader;
  const gpu = create([]);
  if (!(await gpu.requestAdapter())) return 'webgpu finds no adapter (a Vulkan loader and driver are needed)';
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  return null;
}

async function headlessGlMissing(): Promise<string | null> {
  const { default: createContext } = await load('gl');
  if (typeof createContext !== 'function') return 'the gl package is not installed (npm ci --prefix test/gpu)';
  if (process.env.DISPLAY === undefined) return 'there is no display (xvfb-run -a npx vitest run test/gpu)';
  return createContext(1, 1) ? null : 'gl cannot make a context';
}
