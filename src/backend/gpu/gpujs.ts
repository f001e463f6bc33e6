import { BackendError } from '../../base/errors';

/** Which API a device is driven through; all three run the same kernels of `kernels/gpujs`. */
export type GpuMode = 'webgpu' | 'webgl2' | 'headlessgl';

/** Extents as gpu.js wants them: columns first. Always three, because a kernel's rank is fixed for life. */
export type Dims = readonly [columns: number, rows: number, batch: number];

/** The part of gpu.js used here, and nowhere but in `device.ts` and `open.ts`; its own typings lack half of it. */
export interface GpuJs {
  readonly GPU: {
    new (settings: { mode: string }): Gpu;
    isWebGPUAvailable(): Promise<boolean>;
    readonly isWebGL2Supported: boolean;
    readonly isHeadlessGLSupported: boolean;
  };
  readonly input: (values: Float32Array, dims: Dims) => unknown;
  readonly WebGPUContext: { acquire(): Promise<WebGpuContext> };
  readonly WebGPUBufferResult: new (parts: object) => GpuJsResult;
}

/** One context, its kernels, and what they have made. */
export interface Gpu {
  createKernel(source: string, settings: object): GpuJsKernel;
  readonly context: WebGL2RenderingContext | null;
  destroy(): Promise<void>;
}

/** A kernel: called with handles and numbers, it gives a handle; at once under GL, later under WebGPU. */
export interface GpuJsKernel {
  (...args: unknown[]): GpuJsResult | Promise<GpuJsResult>;
  setOutput(dims: readonly number[]): void;
  readonly kernel: {
    readonly built: boolean;
    build(...args: unknown[]): Promise<void>;
    /** GL only: what is done when an argument is the kernel's own last result. */
    updateTextureArgumentRefs?: () => void;
  };
}

/** What a kernel has made: a counted reference to a texture or a buffer, seen under some extents. */
export interface GpuJsResult {
  output: readonly number[];
  dimensions: readonly number[];
  /** Under WebGPU. */
  readonly buffer: GPUBuffer;
  clone(): GpuJsResult;
  delete(): void;
  renderRawOutput(): Float32Array;
}

/** The device that all gpu.js kernels of a process or page share. */
export interface WebGpuContext {
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  readonly isLost: boolean;
}

/** @throws BackendError `gpu/not-installed` */
export async function loadGpuJs(): Promise<GpuJs> {
  try {
    const loaded = (await import('gpu.js')) as unknown as { default?: GpuJs } & GpuJs;
    return loaded.default ?? loaded;
  } catch (error) {
    throw new BackendError({
      code: 'gpu/not-installed',
      got: `the package gpu.js could not be loaded (${error instanceof Error ? error.message : String(error)})`,
      expected: 'gpu.js 2.24, an optional peer of floragrad, beside it',
      fix: 'npm install gpu.js@2.24.1; the guide on GPUs says how to leave out its native parts',
    });
  }
}
