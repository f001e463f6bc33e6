/** Extents as gpu.js wants them: columns first. Always three, because a kernel's rank is fixed for life. */
export type Dims = readonly [columns: number, rows: number, batch: number];
export type GpuMode = 'webgpu' | 'webgl2' | 'headlessgl';
export type ControlMode = 'webasm';

/** A result on the device; only the device that made it can read it. */
export interface Handle {
  readonly dims: Dims;
}

/** What the sketch asks of a device. Calls must come one after the other; `BackendSketch` keeps them in one queue. */
export interface Device {
  readonly mode: GpuMode | ControlMode;
  /** References to device memory that were taken and given back, views counted too. Equal: nothing is left. */
  readonly count: { created: number; deleted: number };
  upload(values: Float32Array, dims: Dims): Promise<Handle>;
  launch(source: string, out: Dims, args: readonly (Handle | number)[]): Promise<Handle>;
  /** The same memory with other extents, and a reference of its own. */
  view(handle: Handle, dims: Dims): Handle;
  read(handle: Handle, size: number): Promise<Float32Array>;
  delete(handle: Handle): void;
}

/** The part of gpu.js used here; its own typings lack half of it. */
export interface GpuJs {
  readonly GPU: new (settings: { mode: string }) => { createKernel(source: string, settings: object): Kernel };
  readonly input: (values: Float32Array, dims: Dims) => unknown;
  readonly WebGPUContext: { acquire(): Promise<{ device: GPUDevice }> };
  readonly WebGPUBufferResult: new (parts: object) => Result;
}
interface Kernel {
  (...args: unknown[]): Result | Promise<Result>;
  setOutput(dims: Dims): void;
  readonly kernel: { built: boolean; build(...args: unknown[]): Promise<void> };
}
interface Result {
  output: readonly number[];
  dimensions: readonly number[];
  clone(): Result;
  delete(): void;
  toArray(): Promise<Float32Array>;
  renderRawOutput(): Float32Array;
}
interface GPUDevice {
  createBuffer(settings: { size: number; usage: number }): { _refs?: number };
  readonly queue: { writeBuffer(buffer: object, offset: number, values: Float32Array): void };
}

const identity = 'function(a){return a[this.thread.z][this.thread.y][this.thread.x];}';

const settings = (mode: string) => ({
  output: [1, 1, 1],
  pipeline: mode !== 'webasm', // webasm returns arrays either way
  immutable: true, // without it two results of one kernel are the same memory
  dynamicOutput: true,
  dynamicArguments: true,
  precision: 'single',
  tactic: 'precision', // otherwise small GL shaders are declared lowp
  loopMaxIterations: 1 << 24, // otherwise loops stop at 1000 without a word
  fixIntegerDivisionAccuracy: false,
  optimizeFloatMemory: mode === 'webgl2' || mode === 'headlessgl', // four values per texel, flat readback
});

/** One kernel per source and GPU object, with the size it was last given (GL reallocates even for the same one). */
class Kernels {
  private readonly kernels = new Map<string, { call: Kernel; size: string }>();
  private readonly gpu: InstanceType<GpuJs['GPU']>;
  constructor(
    lib: GpuJs,
    private readonly mode: string,
  ) {
    this.gpu = new lib.GPU({ mode });
  }
  get(source: string): { call: Kernel; size: string } {
    const known = this.kernels.get(source);
    if (known) return known;
    const made = { call: this.gpu.createKernel(source, settings(this.mode)), size: '' };
    this.kernels.set(source, made);
    return made;
  }
  async run(source: string, out: Dims, args: readonly unknown[]): Promise<Result> {
    const entry = this.get(source);
    // A webgpu kernel must not be given a size while it is being built.
    if (this.mode === 'webgpu' && !entry.call.kernel.built) await entry.call.kernel.build(...args);
    if (entry.size !== out.join()) entry.call.setOutput(out);
    entry.size = out.join();
    return entry.call(...args);
  }
}

class GpuHandle implements Handle {
  constructor(
    readonly result: Result,
    readonly dims: Dims,
  ) {}
}

class GpuJsDevice implements Device {
  readonly count = { created: 0, deleted: 0 };
  private readonly kernels: Kernels;
  constructor(
    private readonly lib: GpuJs,
    readonly mode: GpuMode,
    private readonly context: { device: GPUDevice } | null,
  ) {
    this.kernels = new Kernels(lib, mode);
  }
  async upload(values: Float32Array, dims: Dims): Promise<Handle> {
    if (!this.context) return this.made(await this.kernels.run(identity, dims, [this.lib.input(values, dims)]), dims);
    const { device } = this.context;
    const buffer = device.createBuffer({ size: values.byteLength, usage: 0x80 | 0x4 | 0x8 }); // STORAGE | COPY_SRC | COPY_DST
    device.queue.writeBuffer(buffer, 0, values);
    const { kernel } = this.kernels.get(identity).call;
    const parts = { buffer, output: dims, componentCount: 1, context: this.context, kernel };
    return this.made(new this.lib.WebGPUBufferResult(parts), dims);
  }
  async launch(source: string, out: Dims, args: readonly (Handle | number)[]): Promise<Handle> {
    const given = args.map((arg) => (typeof arg === 'number' ? arg : (arg as GpuHandle).result));
    return this.made(await this.kernels.run(source, out, given), out);
  }
  view(handle: Handle, dims: Dims): Handle {
    const result = (handle as GpuHandle).result.clone();
    result.output = dims; // webgpu reads extents here,
    result.dimensions = dims; // GL here
    return this.made(result, dims);
  }
  async read(handle: Handle, size: number): Promise<Float32Array> {
    if (!this.context) return (handle as GpuHandle).result.renderRawOutput().slice(0, size);
    const flat = (handle as GpuHandle).result.clone();
    flat.output = [size];
    try {
      return await flat.toArray();
    } finally {
      flat.delete();
    }
  }
  delete(handle: Handle): void {
    (handle as GpuHandle).result.delete();
    this.count.deleted += 1;
  }
  private made(result: Result, dims: Dims): Handle {
    this.count.created += 1;
    return new GpuHandle(result, dims);
  }
}

class ControlHandle implements Handle {
  values: Float32Array | null;
  constructor(
    values: Float32Array,
    readonly dims: Dims,
  ) {
    this.values = values;
  }
}

/**
 * No GPU: gpu.js compiles the same kernel strings to WebAssembly on the CPU, and plain arrays stand in for device
 * memory. Every step still ends in a later microtask, and a deleted handle refuses to be used, so it proves order.
 */
class ControlDevice implements Device {
  readonly mode = 'webasm';
  readonly count = { created: 0, deleted: 0 };
  private readonly kernels: Kernels;
  constructor(private readonly lib: GpuJs) {
    this.kernels = new Kernels(lib, this.mode);
  }
  async upload(values: Float32Array, dims: Dims): Promise<Handle> {
    return this.made(values.slice(), dims);
  }
  async launch(source: string, out: Dims, args: readonly (Handle | number)[]): Promise<Handle> {
    const given = args.map((arg) => (typeof arg === 'number' ? arg : this.lib.input(valuesOf(arg), arg.dims)));
    const nested = (await this.kernels.run(source, out, given)) as unknown as Float32Array[][];
    return this.made(Float32Array.from(nested.flat().flatMap((row) => [...row])), out);
  }
  view(handle: Handle, dims: Dims): Handle {
    return this.made(valuesOf(handle), dims);
  }
  async read(handle: Handle, size: number): Promise<Float32Array> {
    return valuesOf(handle).slice(0, size);
  }
  delete(handle: Handle): void {
    valuesOf(handle);
    (handle as ControlHandle).values = null;
    this.count.deleted += 1;
  }
  private made(values: Float32Array, dims: Dims): Handle {
    this.count.created += 1;
    return new ControlHandle(values, dims);
  }
}

function valuesOf(handle: Handle): Float32Array {
  const { values } = handle as ControlHandle;
  if (!values) throw new Error('a deleted handle was used');
  return values;
}

export async function openDevice(lib: GpuJs, mode: GpuMode | ControlMode): Promise<Device> {
  if (mode === 'webasm') return new ControlDevice(lib);
  return new GpuJsDevice(lib, mode, mode === 'webgpu' ? await lib.WebGPUContext.acquire() : null);
}
