import type { Distribution } from '../../base/distribution';
import type { DType, TypedArray } from '../../base/dtype';
import { dtypeOf } from '../../base/dtype';
import type { Key } from '../../base/key';
import { choice, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { type Shape, sizeOf } from '../../base/shape';
import type { AttentionShape } from '../attention-layout';
import { throwIndexRange } from '../checks';
import type {
  Activation,
  AdamFactors,
  Axes,
  Binary,
  Compare,
  FullBackend,
  Memory,
  Operand,
  RandomMatrix,
  Reduction,
  Storage,
  Unary,
} from '../contract';
import { attention, attentionGrad } from './attention';
import { inBlocks } from './blocks';
import { WasmDevice } from './device';
import { cast, choose, compare, zip } from './elementwise';
import { digest } from './generated/wasm-binaries';
import { type Build, chooseBuild, type KernelName, type Kernels, relaxedAvailable, sharedAvailable } from './module';
import { concat, pad, strided, stridedAdd } from './movement';
import { addOnSupport, matmul, matmulRandom } from './products';
import { random, randomCross } from './random';
import { type At, type WasmHeap, WasmStorage } from './storage';
import { adam, lion, rms, scaleRowsColumns, squareSums } from './updates';

const wasmOptions = {
  /** Pin the kernels' build, so that bits are the same on every machine ('baseline'). Default: the best there is. */
  build: optional(choice<Build>('baseline', 'relaxed')),
};

/** How the kernels are chosen. */
export interface WasmOptions extends OptionsOf<typeof wasmOptions> {}

/**
 * The CPU backend: the SIMD kernels of `kernels/wasm`, compiled when the first operation needs them.
 * @throws OptionError `options/unknown`, `options/choice`
 * @throws BackendError `backend/unavailable` for a build that this platform cannot run
 */
export function wasmBackend(options: WasmOptions = {}): FullBackend {
  if (arguments.length > 1) refuseExtra('wasmBackend', arguments, 1);
  const { build } = readOptions('wasmBackend', wasmOptions, options);
  return new WasmBackend(build);
}

const reductions = {
  sum: 'reduceSum',
  sumSquares: 'reduceSumSquares',
  max: 'reduceMax',
  min: 'reduceMin',
} as const;
const nothing: Memory = { tensors: 0, bytes: 0, peakBytes: 0 };

class WasmBackend implements FullBackend {
  readonly name = 'wasm';
  private readonly build: Build;
  private started: WasmDevice | null = null;
  private poisoned = false;
  private whyOneThread: string | null = null;

  constructor(asked: Build | undefined) {
    this.build = chooseBuild(asked);
  }
  private get device(): WasmDevice {
    if (this.started === null) {
      this.started = new WasmDevice(this.build);
      this.started.heap.poisoned = this.poisoned;
    }
    return this.started;
  }
  private get heap(): WasmHeap {
    return this.device.heap;
  }

  describe(): Record<string, string | number | boolean> {
    return {
      backend: 'wasm',
      build: this.build,
      kernels: digest,
      simd: true,
      relaxedSimd: this.build === 'relaxed' ? 'used' : this.whyBaseline(),
      sharedMemory: sharedAvailable() || 'no: SharedArrayBuffer is missing, or the page is not cross-origin isolated',
      threads: this.started && this.started.threads > 1 ? this.started.threads : (this.whyOneThread ?? 1),
      precision: 'float32 values, sums in blocks of float32',
      heapBytes: this.started?.heap.taken ?? 0,
      packings: this.started?.heap.allocator.packed.times ?? 0,
    };
  }
  private whyBaseline(): string {
    if (relaxedAvailable()) return "no: build = 'baseline' was asked for";
    return 'no: needs Node 22, a current browser, or Node 20 with --experimental-wasm-relaxed-simd';
  }
  async setThreads(count: number): Promise<void> {
    if (count > 1 && !sharedAvailable()) {
      this.whyOneThread = '1: threads need SharedArrayBuffer, and a page that is cross-origin isolated';
      return;
    }
    const { device } = this;
    try {
      await device.setThreads(count);
      this.whyOneThread = null;
    } catch (error) {
      this.whyOneThread = `1: workers did not start (${error instanceof Error ? error.message : String(error)})`;
    }
  }
  memory(): Memory {
    return this.started?.heap.allocator.memory() ?? nothing;
  }
  resetPeak(): void {
    this.started?.heap.allocator.resetPeak();
  }
  poison(on: boolean): void {
    this.poisoned = on;
    if (this.started !== null) this.started.heap.poisoned = on;
  }

  // --- storage -------------------------------------------------------------------------------------------------

  fromHost(values: TypedArray): Storage {
    return new WasmStorage(dtypeOf(values), values.length, null, values);
  }
  alias(storage: Storage): Storage {
    const { dtype, size, block, host } = storage as WasmStorage;
    if (host !== null) return new WasmStorage(dtype, size, null, host); // a staged copy belongs to the original alone
    if (block !== null) block.users += 1;
    return new WasmStorage(dtype, size, block, null);
  }
  free(storage: Storage): void {
    const held = storage as WasmStorage;
    if (held.block !== null) this.heap.free(held);
    held.host = null;
  }
  collectable(storage: Storage): void {
    const held = storage as WasmStorage;
    if (held.host === null) this.heap.collectable(held); // else: a staged copy goes when its scope ends
  }
  resident(storage: Storage): void {
    this.heap.resident(storage as WasmStorage);
  }
  enter(): number {
    return this.started?.heap.enter() ?? 0;
  }
  leave(mark: number): void {
    this.started?.heap.leave(mark);
  }
  readSync(storage: Storage): TypedArray {
    const held = storage as WasmStorage;
    return held.host !== null ? held.host.slice() : this.heap.copy(held);
  }
  async read(storage: Storage): Promise<TypedArray> {
    return this.readSync(storage);
  }

  // --- elementwise ---------------------------------------------------------------------------------------------

  unary(op: Unary, x: Operand): Storage {
    return this.map(op, x);
  }
  /** A result like x from a kernel (x, out, n). */
  private map(name: KernelName, x: Operand): Storage {
    this.heap.need(x.storage);
    const result = this.heap.make('float32', x.storage.size);
    this.device.spread(result.size, 16, result.size * 1.5, (kernels, at, from, to) => {
      kernels[name](at(x.storage) + 4 * from, at(result) + 4 * from, to - from);
    });
    return result;
  }
  binary(op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return zip(this.device, op, 'float32', 'float32', a, b, shape);
  }
  activation(op: Activation, x: Operand): Storage {
    return this.map(op, x);
  }
  activationGrad(op: Activation, g: Operand, x: Operand): Storage {
    return zip(this.device, `${op}Grad`, 'float32', 'float32', g, x, x.shape);
  }
  compare(op: Compare, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return compare(this.device, op, a, b, shape);
  }
  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return choose(this.device, condition, a, b, shape);
  }
  cast(x: Operand, dtype: DType): Storage {
    return cast(this.device, x, dtype);
  }
  axpby(alpha: number, x: Operand, beta: number, y: Operand): Storage {
    this.heap.need(x.storage);
    this.heap.need(y.storage);
    const result = this.heap.make('float32', x.storage.size);
    this.device.spread(result.size, 16, result.size * 0.4, (kernels, at, from, to) => {
      const [p, q, out] = [at(x.storage) + 4 * from, at(y.storage) + 4 * from, at(result) + 4 * from];
      kernels.axpby(alpha, p, beta, q, out, to - from);
    });
    return result;
  }

  // --- products ------------------------------------------------------------------------------------------------

  matmul(
    a: Operand,
    b: Operand,
    transposeA: boolean,
    transposeB: boolean,
    shape: Shape,
    bias: Operand | null,
  ): Storage {
    return matmul(this.device, a, b, transposeA, transposeB, shape, bias);
  }
  matmulRandom(x: Operand, a: RandomMatrix, side: 'left' | 'right', transpose: boolean): Storage {
    return matmulRandom(this.device, x, a, side, transpose);
  }
  attention(
    q: Operand,
    k: Operand,
    v: Operand,
    shape: AttentionShape,
    scale: number,
    causal: boolean,
  ): readonly [Storage, Storage] {
    return attention(this.device, q, k, v, shape, scale, causal);
  }
  attentionGrad(
    g: Operand,
    q: Operand,
    k: Operand,
    v: Operand,
    out: Operand,
    normalizers: Operand,
    shape: AttentionShape,
    scale: number,
    causal: boolean,
  ): readonly Storage[] {
    return attentionGrad(this.device, g, q, k, v, out, normalizers, shape, scale, causal);
  }
  addOnSupport(weight: Operand, b: Operand, a: Operand): Storage {
    return addOnSupport(this.device, weight, b, a);
  }
  randomCross(a: RandomMatrix, b: RandomMatrix): Storage {
    return randomCross(this.device, a, b);
  }
  random(kind: Distribution, key: Key, shape: Shape): Storage {
    return random(this.device, kind, key, shape);
  }

  // --- reductions and rows -------------------------------------------------------------------------------------

  reduce(op: Reduction, x: Operand, axes: Axes): Storage {
    const [outer, length, inner] = axes;
    this.heap.need(x.storage);
    const result = this.heap.make('float32', outer * inner);
    const work = x.storage.size * 0.3;
    if (outer === 1 && inner > 1) {
      this.device.spread(inner, 16, work, (kernels, at, from, to) => {
        kernels[reductions[op]](at(x.storage) + 4 * from, at(result) + 4 * from, 1, length, to - from, inner);
      });
    } else {
      this.device.spread(outer, 1, work, (kernels, at, from, to) => {
        const [p, out] = [at(x.storage) + 4 * from * length * inner, at(result) + 4 * from * inner];
        kernels[reductions[op]](p, out, to - from, length, inner, inner);
      });
    }
    return result;
  }
  argmax(x: Operand, axes: Axes): Storage {
    const [outer, length, inner] = axes;
    this.heap.need(x.storage);
    const out = this.heap.make('int32', outer * inner);
    this.device.run((kernels, at) => kernels.argmax(at(x.storage), at(out), outer, length, inner));
    return out;
  }
  cumsum(x: Operand, [outer, length, inner]: Axes, reverse: boolean): Storage {
    this.heap.need(x.storage);
    const out = this.heap.make('float32', x.storage.size);
    this.device.run((kernels, at) => kernels.cumsum(at(x.storage), at(out), outer, length, inner, reverse ? 1 : 0));
    return out;
  }
  topK(x: Operand, k: number): readonly [Storage, Storage] {
    const [height, width] = rowsOf(x);
    this.heap.need(x.storage);
    const [indices, positions] = this.heap.makeAll([height * k, height * k], 'int32') as Two;
    this.device.run((kernels, at) => kernels.topK(at(x.storage), at(indices), at(positions), height, width, k));
    return [indices, positions];
  }
  softmax(x: Operand): Storage {
    return this.rows('softmax', x);
  }
  softmaxGrad(g: Operand, y: Operand): Storage {
    return this.rows('softmaxGrad', g, y);
  }
  logSoftmax(x: Operand): Storage {
    return this.rows('logSoftmax', x);
  }
  logSoftmaxGrad(g: Operand, y: Operand): Storage {
    return this.rows('logSoftmaxGrad', g, y);
  }
  /** A result like the first operand from a kernel (operand, …, out, rows, n). */
  private rows(name: KernelName, x: Operand, y?: Operand): Storage {
    const [height, width] = rowsOf(x);
    this.heap.need(x.storage);
    if (y) this.heap.need(y.storage);
    const result = this.heap.make('float32', x.storage.size);
    this.spreadRows(height, width, 3, (kernels, at, skip, rows) => {
      const [p, out] = [at(x.storage) + skip, at(result) + skip];
      if (y) kernels[name](p, at(y.storage) + skip, out, rows, width);
      else kernels[name](p, out, rows, width);
    });
    return result;
  }
  /** `call` for ranges of rows that begin `skip` bytes after the first row; `cost` is nanoseconds per element. */
  private spreadRows(
    height: number,
    width: number,
    cost: number,
    call: (kernels: Kernels, at: At, skip: number, rows: number, from: number) => void,
  ): void {
    this.device.spread(height, 1, height * width * cost, (kernels, at, from, to) => {
      call(kernels, at, 4 * from * width, to - from, from);
    });
  }
  layerNorm(x: Operand, weight: Operand | null, bias: Operand | null, epsilon: number): Storage {
    const [height, width] = rowsOf(x);
    for (const operand of [x, weight, bias]) if (operand) this.heap.need(operand.storage);
    const result = this.heap.make('float32', x.storage.size);
    this.spreadRows(height, width, 0.8, (kernels, at, skip, rows) => {
      const [w, b] = [weight ? at(weight.storage) : 0, bias ? at(bias.storage) : 0];
      kernels.layerNorm(at(x.storage) + skip, w, b, at(result) + skip, rows, width, epsilon);
    });
    return result;
  }
  layerNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage, Storage] {
    const [height, width] = rowsOf(x);
    for (const operand of [g, x, weight]) if (operand) this.heap.need(operand.storage);
    const blocks = { rows: height, work: width * 1.5, others: [x.storage.size], sums: [width, width] };
    return inBlocks(this.device, blocks, (kernels, at, from, rows, [dx], [weights, biases]) => {
      const skip = 4 * from * width;
      const [p, q, w] = [at(g.storage) + skip, at(x.storage) + skip, weight ? at(weight.storage) : 0];
      kernels.layerNormGrad(
        p,
        q,
        w,
        at(dx as WasmStorage) + skip,
        weights as number,
        biases as number,
        rows,
        width,
        epsilon,
      );
    }) as Three;
  }
  rmsNorm(x: Operand, weight: Operand | null, epsilon: number): Storage {
    const [height, width] = rowsOf(x);
    this.heap.need(x.storage);
    if (weight) this.heap.need(weight.storage);
    const result = this.heap.make('float32', x.storage.size);
    this.spreadRows(height, width, 0.6, (kernels, at, skip, rows) => {
      const w = weight ? at(weight.storage) : 0;
      kernels.rmsNorm(at(x.storage) + skip, w, at(result) + skip, rows, width, epsilon);
    });
    return result;
  }
  rmsNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage] {
    const [height, width] = rowsOf(x);
    for (const operand of [g, x, weight]) if (operand) this.heap.need(operand.storage);
    const blocks = { rows: height, work: width * 1.2, others: [x.storage.size], sums: [width] };
    return inBlocks(this.device, blocks, (kernels, at, from, rows, [dx], [weights]) => {
      const skip = 4 * from * width;
      const [p, q, w] = [at(g.storage) + skip, at(x.storage) + skip, weight ? at(weight.storage) : 0];
      kernels.rmsNormGrad(p, q, w, at(dx as WasmStorage) + skip, weights as number, rows, width, epsilon);
    }) as Two;
  }
  crossEntropy(logits: Operand, targets: Operand): Storage {
    const [height, width] = rowsOf(logits);
    this.checkIds('crossEntropy', targets, width);
    this.heap.need(logits.storage);
    const result = this.heap.make('float32', height);
    this.spreadRows(height, width, 2, (kernels, at, skip, rows, from) => {
      const [p, ids, out] = [at(logits.storage) + skip, at(targets.storage) + 4 * from, at(result) + 4 * from];
      kernels.crossEntropy(p, ids, out, rows, width);
    });
    return result;
  }
  crossEntropyGrad(g: Operand, logits: Operand, targets: Operand): Storage {
    const [height, width] = rowsOf(logits);
    for (const { storage } of [g, logits, targets]) this.heap.need(storage);
    const result = this.heap.make('float32', logits.storage.size);
    this.spreadRows(height, width, 3, (kernels, at, skip, rows, from) => {
      const [p, ids] = [at(g.storage) + 4 * from, at(targets.storage) + 4 * from];
      kernels.crossEntropyGrad(p, at(logits.storage) + skip, ids, at(result) + skip, rows, width);
    });
    return result;
  }
  /** Ids are on the device afterwards. */
  private checkIds(where: string, ids: Operand, rows: number): void {
    this.heap.need(ids.storage);
    this.device.run((kernels, at) => {
      const bad = kernels.firstOutside(at(ids.storage), ids.storage.size, rows);
      if (bad >= 0) throwIndexRange(where, this.heap.ints[at(ids.storage) / 4 + bad] as number, rows);
    });
  }

  // --- updates -------------------------------------------------------------------------------------------------

  adam(g: Operand, mean: Operand, square: Operand, factors: AdamFactors): readonly [Storage, Storage, Storage] {
    return adam(this.device, g, mean, square, factors);
  }
  rms(g: Operand, square: Operand, beta: number, epsilon: number): readonly [Storage, Storage] {
    return rms(this.device, g, square, beta, epsilon);
  }
  lion(g: Operand, mean: Operand, beta1: number, beta2: number): readonly [Storage, Storage] {
    return lion(this.device, g, mean, beta1, beta2);
  }
  squareSums(g: Operand): readonly [Storage, Storage] {
    return squareSums(this.device, g);
  }
  scaleRowsColumns(g: Operand, row: Operand, column: Operand): Storage {
    return scaleRowsColumns(this.device, g, row, column);
  }

  // --- index and movement --------------------------------------------------------------------------------------

  gather(table: Operand, ids: Operand): Storage {
    const rows = table.shape[0] as number;
    const width = sizeOf(table.shape.slice(1));
    this.checkIds('gather', ids, rows);
    this.heap.need(table.storage);
    const out = this.heap.make('float32', ids.storage.size * width);
    this.device.run((kernels, at) => {
      kernels.gather(at(table.storage), at(ids.storage), at(out), ids.storage.size, width);
    });
    return out;
  }
  scatterAdd(g: Operand, ids: Operand, rows: number): Storage {
    const width = sizeOf(g.shape.slice(ids.shape.length));
    this.heap.need(g.storage);
    this.heap.need(ids.storage);
    const out = this.heap.make('float32', rows * width);
    this.device.run((kernels, at) => {
      kernels.scatterAdd(at(g.storage), at(ids.storage), at(out), ids.storage.size, width, rows);
    });
    return out;
  }
  strided(x: Operand, shape: Shape, strides: readonly number[], offset: number): Storage {
    return strided(this.device, x, shape, strides, offset);
  }
  stridedAdd(x: Operand, size: number, strides: readonly number[], offset: number): Storage {
    return stridedAdd(this.device, x, size, strides, offset);
  }
  pad(x: Operand, before: readonly number[], shape: Shape, value: number): Storage {
    return pad(this.device, x, before, shape, value);
  }
  concat(parts: readonly Operand[], outer: number): Storage {
    return concat(this.device, parts, outer);
  }
}

type Two = [WasmStorage, WasmStorage];
type Three = [...Two, WasmStorage];

/** [rows, n] of an operand seen as rows of its last axis. */
function rowsOf(x: Operand): [number, number] {
  const width = x.shape.length > 0 ? (x.shape[x.shape.length - 1] as number) : 1;
  return [width === 0 ? 0 : x.storage.size / width, width];
}
