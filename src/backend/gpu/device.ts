import { BackendError } from '../../base/errors';
import type { Dims, Gpu, GpuJs, GpuJsKernel, GpuJsResult, GpuMode, WebGpuContext } from './gpujs';
import type { Later } from './queue';

/** One program of `kernels/gpujs`. Its sizes are arguments, so that all sizes share it. */
export interface GpuKernel {
  /** A function in the dialect of gpu.js, as text: nothing that a bundler does to code can reach it. */
  readonly source: string;
  /** Functions that it calls, as text. */
  readonly functions?: readonly string[];
  /** Names of number arguments that are whole and stay exact beyond 2²⁴, because they address elements. */
  readonly integers?: readonly string[];
  /** It knows only `this.thread.x`, so that its output may be longer than a row of an output with three axes. */
  readonly flat?: boolean;
  /** It returns four numbers (GL only); its results can only go to kernels that want such. */
  readonly vec4?: boolean;
}

/** Memory of the device, seen under some extents. Only the device that made it can read it. */
export class GpuHandle {
  deleted = false;
  constructor(
    readonly result: GpuJsResult,
    readonly dims: Dims,
  ) {}
}

/** A compiled kernel, and the size that it was last given. */
interface Program {
  readonly call: GpuJsKernel;
  /** Its output has one axis; a GL handle of one axis is of another kind than one of three, so only WebGPU has such. */
  readonly flat: boolean;
  size: string;
}

/** What a device can hold and do at most. */
export interface GpuLimits {
  /** Bytes of one tensor. */
  readonly bytes: number;
  /** Extents of an output. */
  readonly dims: Dims;
  /** Terms that one thread may add up; drivers of software GL stop longer loops without a word. */
  readonly loop: number;
}

const identity: GpuKernel = { source: 'function(a){return a[this.thread.z][this.thread.y][this.thread.x];}' };

/**
 * One GPU behind gpu.js: programs by source, memory by handle. Knows nothing of tensors. Its calls must come one after
 * the other (`GpuQueue`), and each answers at once under GL; under WebGPU, those that compile or read answer later.
 */
export class GpuDevice {
  /** References to device memory that were taken and given back, views counted too. Equal: nothing is left. */
  readonly count = { created: 0, deleted: 0 };
  private readonly programs = new Map<string, Program>();
  private readonly pipelines = new Map<string, GPUComputePipeline>();

  constructor(
    private readonly lib: GpuJs,
    private readonly gpu: Gpu,
    readonly mode: GpuMode,
    readonly context: WebGpuContext | null,
    readonly adapter: string,
    readonly limits: GpuLimits,
  ) {}

  /** Builds the kernel through which WebGPU reads memory that no kernel of gpu.js has made. */
  async ready(): Promise<void> {
    if (this.context === null) return;
    const given = await this.upload(new Float32Array(1), [1, 1, 1]);
    const copy = await this.launch(identity, [1, 1, 1], [given]);
    for (const handle of [given, copy]) this.delete(handle);
  }

  /** New memory with these values. */
  upload(values: Float32Array, dims: Dims): Later<GpuHandle> {
    this.alive();
    if (this.context === null) return this.call(identity, dims, [this.lib.input(values, dims)]);
    const { device } = this.context;
    const buffer = device.createBuffer({
      size: values.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
    return this.wrap(buffer, dims);
  }

  /** Runs a kernel over an output of these extents; arguments are handles and numbers, in the order of its parameters. */
  launch(kernel: GpuKernel, out: Dims, args: readonly (GpuHandle | number)[]): Later<GpuHandle> {
    this.alive();
    const given = args.map((arg) => (arg instanceof GpuHandle ? usable(arg).result : arg));
    return this.call(kernel, out, given);
  }

  /** A kernel of our own in WGSL, on the device and the buffers that gpu.js uses; extents are [x, y, z] workgroups. */
  dispatch(
    wgsl: string,
    out: Dims,
    args: readonly GpuHandle[],
    uniforms: Uint32Array,
    workgroups: readonly [number, number, number],
  ): GpuHandle {
    this.alive();
    const { device } = this.context as WebGpuContext;
    let pipeline = this.pipelines.get(wgsl);
    if (pipeline === undefined) {
      const module = device.createShaderModule({ code: wgsl });
      pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
      this.pipelines.set(wgsl, pipeline);
    }
    const result = device.createBuffer({
      size: 4 * out[0] * out[1] * out[2],
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const numbers = device.createBuffer({
      size: Math.ceil(uniforms.byteLength / 16) * 16,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(numbers, 0, uniforms as Uint32Array<ArrayBuffer>);
    const buffers = [numbers, ...args.map((arg) => usable(arg).result.buffer), result];
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    numbers.destroy(); // takes effect when the submitted work has ended
    return this.wrap(result, out);
  }

  /** The same memory with other extents, and a reference of its own. */
  view(handle: GpuHandle, dims: Dims): GpuHandle {
    const result = usable(handle).result.clone();
    result.output = dims; // WebGPU reads extents here,
    result.dimensions = dims; // GL here
    return this.made(result, dims);
  }

  /** Resolves when the device has done what it was given: for those who measure its time. */
  async finished(): Promise<void> {
    if (this.context !== null) {
      await this.context.device.queue.onSubmittedWorkDone();
      return;
    }
    // Browsers return from gl.finish() at once; a value cannot be read before all that was asked for earlier.
    const last = await this.upload(new Float32Array(1), [1, 1, 1]);
    await this.read(last, 1);
    this.delete(last);
  }

  /** The first `size` values. */
  read(handle: GpuHandle, size: number): Later<Float32Array> {
    this.alive();
    const { result } = usable(handle);
    if (this.context === null) {
      const values = result.renderRawOutput().slice(0, size);
      this.alive(); // a context that is lost meanwhile gives zeros
      return values;
    }
    return this.download(result.buffer, 4 * size);
  }

  /** Not left to gpu.js, which reads a buffer through the kernel that made it: those uploaded here have none. */
  private async download(buffer: GPUBuffer, bytes: number): Promise<Float32Array> {
    const { device } = this.context as WebGpuContext;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = device.createBuffer({ size: bytes, usage });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return values;
  }

  delete(handle: GpuHandle): void {
    if (handle.deleted) return;
    handle.deleted = true;
    handle.result.delete();
    this.count.deleted += 1;
  }

  /** The context or device is gone, and all memory with it. */
  get lost(): boolean {
    return this.context === null ? (this.gpu.context?.isContextLost() ?? false) : this.context.isLost;
  }

  /** @throws BackendError `gpu/lost` */
  private alive(): void {
    if (!this.lost) return;
    throw new BackendError({
      code: 'gpu/lost',
      got: `the ${this.context === null ? 'WebGL context' : 'WebGPU device'} was lost (a driver reset, or too many contexts in one page); its tensors are gone`,
      expected: 'a device that lives as long as its tensors',
      fix: 'make a new one with setBackend(await gpu()) and start again from values that you have saved',
    });
  }

  /** What gpu.js does: arguments are its own results, inputs and numbers. */
  private call(kernel: GpuKernel, out: Dims, args: readonly unknown[]): Later<GpuHandle> {
    const program = this.program(kernel, args);
    // The size of a WebGPU kernel must not change while it is being built.
    if (this.context !== null && !program.call.kernel.built) {
      return program.call.kernel.build(...args).then(() => this.start(program, out, args));
    }
    return this.start(program, out, args);
  }

  private start(program: Program, out: Dims, args: readonly unknown[]): Later<GpuHandle> {
    const size = out.join();
    // GL makes a new texture even for the same size.
    if (program.size !== size) program.call.setOutput(program.flat ? out.slice(0, 1) : out);
    program.size = size;
    const result = program.call(...args);
    return result instanceof Promise ? result.then((made) => this.made(made, out)) : this.made(result, out);
  }

  private program(kernel: GpuKernel, args: readonly unknown[]): Program {
    const { source, functions = [], integers = [], vec4 = false } = kernel;
    const name = [source, ...functions].join('\0');
    let program = this.programs.get(name);
    if (program === undefined) {
      const flat = kernel.flat === true && this.context !== null;
      const settings = {
        output: flat ? [1] : [1, 1, 1], // fixes the rank for good
        pipeline: true, // results stay on the device,
        immutable: true, // each in memory of its own
        dynamicOutput: true,
        dynamicArguments: true,
        precision: 'single',
        tactic: 'precision', // otherwise small GL shaders are declared lowp
        loopMaxIterations: 2 ** 24, // otherwise loops stop at 1000 without a word
        fixIntegerDivisionAccuracy: false,
        optimizeFloatMemory: this.mode !== 'webgpu' && !vec4, // four values to a texel, flat when read
        functions: functions.map((text) => text.trim()),
        argumentTypes: typesOf(source, integers, args),
      };
      const call = this.gpu.createKernel(source.trim(), settings);
      // Given its own last result, a GL kernel would write the next one into the texture of an earlier argument, which
      // may be of another size. There is no need: what a handle holds is replaced before it is written to.
      if (this.context === null) call.kernel.updateTextureArgumentRefs = () => {};
      program = { call, flat, size: '' };
      this.programs.set(name, program);
    }
    return program;
  }

  private wrap(buffer: GPUBuffer, dims: Dims): GpuHandle {
    const { kernel } = this.program(identity, [{ type: 'WebGPUBuffer' }]).call;
    const parts = { buffer, output: dims, componentCount: 1, context: this.context, kernel };
    return this.made(new this.lib.WebGPUBufferResult(parts), dims);
  }

  private made(result: GpuJsResult, dims: Dims): GpuHandle {
    this.count.created += 1;
    return new GpuHandle(result, dims);
  }
}

/** What gpu.js takes each parameter for, from the first arguments; by itself it takes every number for a float. */
function typesOf(source: string, integers: readonly string[], args: readonly unknown[]): string[] {
  const names = source.slice(source.indexOf('(') + 1, source.indexOf(')')).split(',');
  return args.map((arg, i) => {
    if (typeof arg === 'number') return integers.includes((names[i] as string).trim()) ? 'Integer' : 'Float';
    return (arg as { readonly type?: string }).type ?? 'Input';
  });
}

/** GL uses a deleted texture as if nothing had happened, so it is seen here. */
function usable(handle: GpuHandle): GpuHandle {
  if (handle.deleted) throw new Error('a deleted handle was used: deletions and operations are out of order');
  return handle;
}
