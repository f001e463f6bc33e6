import { existsSync } from 'node:fs';
import type { ControlMode, GpuJs, GpuMode } from './device';

type Choice = { mode: GpuMode | ControlMode; why: string; lib: GpuJs };

/** Packages that may be absent: a variable keeps the compiler and the bundler from looking for them. */
async function load(name: string): Promise<Record<string, unknown>> {
  return import(name).catch(() => ({}));
}

/** Software Vulkan that comes with Debian's chromium. */
const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** WebGPU for Node, with what its adapter calls itself; `missing` is the reason why there is none. */
async function startWebGpu(): Promise<{ adapter: string } | { missing: string }> {
  const { create, globals } = (await load('webgpu')) as {
    create?: (options: string[]) => { requestAdapter(): Promise<{ info: { description: string } } | null> };
    globals?: object;
  };
  if (!create) return { missing: 'the webgpu package is not installed (npm ci --prefix test/gpu)' };
  if (process.env.VK_ICD_FILENAMES === undefined && existsSync(swiftshader)) process.env.VK_ICD_FILENAMES = swiftshader;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (!adapter) return { missing: 'webgpu finds no adapter (a Vulkan loader and driver are needed)' };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  return { adapter: adapter.info.description };
}

/** A WebGL context without a window, if this machine can make one; otherwise the reason why not. */
async function headlessGl(): Promise<string | null> {
  const { default: createContext } = await load('gl');
  if (typeof createContext !== 'function') return 'the gl package is not installed';
  if (process.env.DISPLAY === undefined) return 'gl is installed but there is no display';
  return createContext(1, 1) ? null : 'gl cannot make a context';
}

/** The best mode of gpu.js that this machine has. Only `webasm` is not a GPU's programming model. */
export async function chooseNodeMode(): Promise<Choice> {
  const noGl = await headlessGl();
  const webGpu = noGl && (await startWebGpu()); // before gpu.js is loaded: it looks for navigator.gpu
  const lib = ((await import('gpu.js')) as { default: unknown }).default as GpuJs;
  if (!webGpu) return { mode: 'headlessgl', why: 'gl is installed and makes contexts', lib };
  if ('adapter' in webGpu) return { mode: 'webgpu', why: `adapter "${webGpu.adapter}"; no headlessgl: ${noGl}`, lib };
  return { mode: 'webasm', why: `no GPU at all: ${noGl}; ${webGpu.missing}. The CPU plays the device`, lib };
}
