import { naive } from '../../../kernels/gpujs/products';
import { BackendError } from '../../base/errors';
import { choice, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { FullBackend } from '../contract';
import { gpuBackend } from './backend';
import { GpuDevice, type GpuLimits } from './device';
import { type Gpu, type GpuJs, type GpuMode, loadGpuJs } from './gpujs';
import { findWebGpu } from './node';
import { GpuQueue } from './queue';

const gpuOptions = {
  /** 'auto' (the default) takes the first of webgpu, webgl2 and headlessgl that works here. */
  mode: optional(choice<'auto' | GpuMode>('auto', 'webgpu', 'webgl2', 'headlessgl'), 'auto'),
};

/** Which GPU API is wanted. */
export interface GpuOptions extends OptionsOf<typeof gpuOptions> {}

/** Contexts are scarce (the 17th of a page silently kills the first), so all backends of a mode share one device. */
interface Shared {
  readonly device: GpuDevice;
  readonly queue: GpuQueue;
}
const opened = new Map<GpuMode, Promise<Shared>>();
const modes: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl'];

/**
 * A backend on the GPU, through gpu.js: `setBackend(await gpu())`. It has computed a known product before it is given
 * out. Values are read with `await t.data()`; under GL `t.dataSync()` works too. Never falls back to a CPU.
 * @throws OptionError `options/unknown`, `options/choice`
 * @throws BackendError `gpu/not-installed`, `gpu/unavailable`, `gpu/wrong-result`
 */
export async function gpu(options: GpuOptions = {}): Promise<FullBackend> {
  if (arguments.length > 1) refuseExtra('gpu', arguments, 1);
  const { mode } = readOptions('gpu', gpuOptions, options);
  const { device, queue } = await (mode === 'auto' ? firstOf(modes) : shared(mode));
  return gpuBackend(device, queue);
}

async function firstOf(candidates: readonly GpuMode[]): Promise<Shared> {
  const reasons: string[] = [];
  for (const mode of candidates) {
    try {
      return await shared(mode);
    } catch (error) {
      if (!(error instanceof BackendError) || error.code !== 'gpu/unavailable') throw error;
      reasons.push(error.got);
    }
  }
  throw new BackendError({
    code: 'gpu/unavailable',
    got: `no GPU: ${reasons.join('; ')}`,
    expected: 'WebGPU, WebGL 2, or headless GL',
    fix: 'floragrad info prints what to install here; without a GPU, leave the default backend in place',
  });
}

function shared(mode: GpuMode): Promise<Shared> {
  const known = opened.get(mode);
  if (known !== undefined) return known.then((ready) => (ready.device.lost ? reopen(mode) : ready));
  return reopen(mode);
}

function reopen(mode: GpuMode): Promise<Shared> {
  const opening = open(mode);
  opened.set(mode, opening);
  opening.catch(() => opened.delete(mode)); // the next call tries again
  return opening;
}

async function open(mode: GpuMode): Promise<Shared> {
  const missing = mode === 'webgpu' ? await findWebGpu() : null; // before gpu.js is loaded: it looks for navigator.gpu
  if (missing !== null) throw unavailable(mode, missing);
  const lib = await loadGpuJs();
  const device = await (mode === 'webgpu' ? openWebGpu(lib) : openGl(lib, mode));
  await device.ready();
  await prove(device);
  return { device, queue: new GpuQueue() };
}

function unavailable(mode: GpuMode, reason: string): BackendError {
  return new BackendError({
    code: 'gpu/unavailable',
    got: `${mode}: ${reason}`,
    expected: `a ${mode} device`,
    fix: 'floragrad info prints what to install here; without a GPU, leave the default backend in place',
  });
}

async function openWebGpu(lib: GpuJs): Promise<GpuDevice> {
  const context = await lib.WebGPUContext.acquire().catch((error: Error) => {
    throw unavailable('webgpu', error.message);
  });
  const { info } = context.adapter;
  const { limits } = context.device;
  const groups = limits.maxComputeWorkgroupsPerDimension;
  const ours: GpuLimits = {
    bytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
    dims: [8 * groups, 8 * groups, groups],
    loop: 2 ** 24,
  };
  const adapter = info.description || info.device || info.vendor || 'unnamed';
  return new GpuDevice(lib, new lib.GPU({ mode: 'webgpu' }), 'webgpu', context, adapter, ours);
}

function openGl(lib: GpuJs, mode: 'webgl2' | 'headlessgl'): GpuDevice {
  let made: Gpu;
  try {
    made = new lib.GPU({ mode });
  } catch (error) {
    throw unavailable(mode, error instanceof Error ? error.message : String(error));
  }
  made.createKernel('function(){return 0;}', { output: [1, 1, 1] }); // gpu.js makes its context with the first kernel
  const gl = made.context;
  if (gl === null) throw unavailable(mode, 'gpu.js made no context');
  const side = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  // Four values to a texel in nearly square textures: only the total is limited.
  const bytes = Math.min(16 * side * side, 2 ** 31);
  const renderer = gl.getExtension('WEBGL_debug_renderer_info');
  const adapter = String(gl.getParameter(renderer?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  // Mesa's software GL stops a shader after 65,535 iterations without a word, and four outputs share them.
  return new GpuDevice(lib, made, mode, null, adapter, { bytes, dims: [bytes, bytes, bytes], loop: 16_000 });
}

/** A device that computes wrong numbers in silence must not be given out. @throws BackendError `gpu/wrong-result` */
async function prove(device: GpuDevice): Promise<void> {
  const [m, k, n] = [3, 5, 2];
  const a = Float32Array.from({ length: m * k }, (_, i) => (i % 7) - 3);
  const b = Float32Array.from({ length: k * n }, (_, i) => (i % 4) - 1.5);
  const [x, y] = [await device.upload(a, [k, m, 1]), await device.upload(b, [n, k, 1])];
  const product = await device.launch({ source: naive(false, false) }, [n, m, 1], [x, y, k, 0, 0]);
  const got = await device.read(product, m * n);
  for (const handle of [x, y, product]) device.delete(handle);
  for (let i = 0; i < m * n; i++) {
    let expected = 0;
    for (let j = 0; j < k; j++) {
      expected += (a[Math.floor(i / n) * k + j] as number) * (b[j * n + (i % n)] as number);
    }
    if (got[i] === expected) continue;
    throw new BackendError({
      code: 'gpu/wrong-result',
      got: `${device.mode} (${device.adapter}) computed ${got[i]} in a known product; ${expected} is right`,
      expected: 'a driver that computes correctly',
      fix: 'update the driver, try another mode, or use the default backend',
    });
  }
}
