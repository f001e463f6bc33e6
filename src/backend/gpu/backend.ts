import type { Distribution } from '../../base/distribution';
import type { DType, TypedArray } from '../../base/dtype';
import { BackendError } from '../../base/errors';
import type { Key } from '../../base/key';
import type { Shape } from '../../base/shape';
import type { AttentionShape } from '../attention-layout';
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
import * as attention from './attention';
import type { GpuDevice } from './device';
import * as elementwise from './elementwise';
import * as move from './movement';
import * as products from './products';
import { type GpuQueue, isPromise } from './queue';
import * as reduce from './reductions';
import * as rows from './rows';
import { GpuRunner } from './runner';
import { GpuHeap, type GpuStorage } from './storage';
import * as optimizer from './updates';

/** The contract on a GPU: each family of operations is a file of its own, over one runner. */
export class GpuBackend implements FullBackend {
  readonly name = 'gpu';
  readonly flushes = true;
  private readonly heap: GpuHeap;
  /** What the families run on; benchmarks time single kernels with it. */
  readonly on: GpuRunner;

  constructor(
    private readonly device: GpuDevice,
    private readonly queue: GpuQueue,
  ) {
    this.heap = new GpuHeap(device, queue);
    this.on = new GpuRunner(device, this.heap);
  }

  describe(): Record<string, string | number | boolean> {
    const { mode, adapter, limits } = this.device;
    return {
      backend: 'gpu',
      mode,
      adapter,
      maximumBytes: limits.bytes,
      precision: 'float32 values and sums; int32 exact to 2^24 where the device computes them',
      randomNumbers: 'generated on the CPU and uploaded, the same as on every backend',
      decompositions: 'read back and solved on the CPU in float64',
    };
  }
  memory(): Memory {
    return this.heap.memory();
  }
  resetPeak(): void {
    this.heap.resetPeak();
  }
  poison(): void {} // the use of a deleted handle is always refused, so there is nothing to overwrite

  // --- storage ---
  fromHost(values: TypedArray): Storage {
    return this.heap.fromHost(values);
  }
  alias(storage: Storage): Storage {
    return this.heap.alias(storage);
  }
  free(storage: Storage): void {
    this.heap.free(storage);
  }
  collectable(storage: Storage): void {
    this.heap.collectable(storage);
  }
  resident(storage: Storage): void {
    this.heap.resident(storage);
  }
  enter(): number {
    return this.heap.enter();
  }
  leave(mark: number): void {
    this.heap.leave(mark);
  }
  read(storage: Storage): Promise<TypedArray> {
    return this.heap.read(storage);
  }
  onHost(
    inputs: readonly Operand[],
    results: readonly { readonly shape: Shape; readonly dtype: DType }[],
    solve: (inputs: readonly TypedArray[]) => readonly TypedArray[],
  ): readonly Storage[] {
    return this.on.onHost(inputs, results, solve);
  }
  readSync(storage: Storage): TypedArray {
    const values =
      this.device.context === null || this.on.known({ storage, shape: [], dtype: storage.dtype })
        ? this.heap.values(storage as GpuStorage)
        : null;
    if (values !== null && !isPromise(values)) return values;
    throw new BackendError({
      code: 'read/sync',
      got: `a synchronous read on the gpu backend in mode ${this.device.mode}`,
      expected: 'an asynchronous one, since the device answers later',
      fix: 'use await t.data()',
    });
  }

  // --- elementwise ---
  unary(op: Unary, x: Operand): Storage {
    return elementwise.unary(this.on, op, x);
  }
  binary(op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return elementwise.binary(this.on, op, a, b, shape);
  }
  activation(op: Activation, x: Operand): Storage {
    return elementwise.unary(this.on, op, x);
  }
  activationGrad(op: Activation, g: Operand, x: Operand): Storage {
    return elementwise.binary(this.on, `${op}Grad`, g, x, x.shape);
  }
  compare(op: Compare, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return elementwise.compare(this.on, op, a, b, shape);
  }
  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return elementwise.where(this.on, condition, a, b, shape);
  }
  cast(x: Operand, dtype: DType): Storage {
    return elementwise.cast(this.on, x, dtype);
  }
  axpby(alpha: number, x: Operand, beta: number, y: Operand): Storage {
    return elementwise.axpby(this.on, alpha, x, beta, y);
  }
  // --- products ---
  matmul(
    a: Operand,
    b: Operand,
    transposeA: boolean,
    transposeB: boolean,
    shape: Shape,
    bias: Operand | null,
  ): Storage {
    return products.matmul(this.on, a, b, transposeA, transposeB, shape, bias);
  }
  addOnSupport(weight: Operand, b: Operand, a: Operand): Storage {
    return products.addOnSupport(this.on, weight, b, a);
  }
  matmulRandom(x: Operand, a: RandomMatrix, side: 'left' | 'right', transpose: boolean): Storage {
    return products.matmulRandom(this.on, x, a, side, transpose);
  }
  randomCross(a: RandomMatrix, b: RandomMatrix): Storage {
    return products.randomCross(this.on, a, b);
  }
  random(kind: Distribution, key: Key, shape: Shape): Storage {
    return products.random(this.on, kind, key, shape);
  }
  // --- attention ---
  attention(
    q: Operand,
    k: Operand,
    v: Operand,
    shape: AttentionShape,
    scale: number,
    causal: boolean,
  ): readonly [Storage, Storage] {
    return attention.attention(this.on, q, k, v, shape, scale, causal);
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
    return attention.attentionGrad(this.on, g, q, k, v, out, normalizers, shape, scale, causal);
  }
  // --- reduce ---
  reduce(op: Reduction, x: Operand, axes: Axes): Storage {
    return reduce.reduce(this.on, op, x, axes);
  }
  argmax(x: Operand, axes: Axes): Storage {
    return reduce.argmax(this.on, x, axes);
  }
  cumsum(x: Operand, axes: Axes, reverse: boolean): Storage {
    return reduce.cumsum(this.on, x, axes, reverse);
  }
  topK(x: Operand, k: number): readonly [Storage, Storage] {
    return reduce.topK(this.on, x, k);
  }
  // --- rows ---
  softmax(x: Operand): Storage {
    return rows.softmax(this.on, x);
  }
  softmaxGrad(g: Operand, y: Operand): Storage {
    return rows.softmaxGrad(this.on, g, y);
  }
  logSoftmax(x: Operand): Storage {
    return rows.logSoftmax(this.on, x);
  }
  logSoftmaxGrad(g: Operand, y: Operand): Storage {
    return rows.logSoftmaxGrad(this.on, g, y);
  }
  layerNorm(x: Operand, weight: Operand | null, bias: Operand | null, epsilon: number): Storage {
    return rows.layerNorm(this.on, x, weight, bias, epsilon);
  }
  layerNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage, Storage] {
    return rows.layerNormGrad(this.on, g, x, weight, epsilon);
  }
  rmsNorm(x: Operand, weight: Operand | null, epsilon: number): Storage {
    return rows.rmsNorm(this.on, x, weight, epsilon);
  }
  rmsNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage] {
    return rows.rmsNormGrad(this.on, g, x, weight, epsilon);
  }
  crossEntropy(logits: Operand, targets: Operand): Storage {
    return rows.crossEntropy(this.on, logits, targets);
  }
  crossEntropyGrad(g: Operand, logits: Operand, targets: Operand): Storage {
    return rows.crossEntropyGrad(this.on, g, logits, targets);
  }
  // --- optimizer ---
  adam(g: Operand, mean: Operand, square: Operand, factors: AdamFactors): readonly [Storage, Storage, Storage] {
    return optimizer.adam(this.on, g, mean, square, factors);
  }
  rms(g: Operand, square: Operand, beta: number, epsilon: number): readonly [Storage, Storage] {
    return optimizer.rms(this.on, g, square, beta, epsilon);
  }
  lion(g: Operand, mean: Operand, beta1: number, beta2: number): readonly [Storage, Storage] {
    return optimizer.lion(this.on, g, mean, beta1, beta2);
  }
  squareSums(g: Operand): readonly [Storage, Storage] {
    return optimizer.squareSums(this.on, g);
  }
  scaleRowsColumns(g: Operand, row: Operand, column: Operand): Storage {
    return optimizer.scaleRowsColumns(this.on, g, row, column);
  }
  // --- move ---
  gather(table: Operand, ids: Operand): Storage {
    return move.gather(this.on, table, ids);
  }
  scatterAdd(g: Operand, ids: Operand, rows: number): Storage {
    return move.scatterAdd(this.on, g, ids, rows);
  }
  strided(x: Operand, shape: Shape, strides: readonly number[], offset: number): Storage {
    return move.strided(this.on, x, shape, strides, offset);
  }
  stridedAdd(x: Operand, size: number, strides: readonly number[], offset: number): Storage {
    return move.stridedAdd(this.on, x, size, strides, offset);
  }
  pad(x: Operand, before: readonly number[], shape: Shape, value: number): Storage {
    return move.pad(this.on, x, before, shape, value);
  }
  concat(parts: readonly Operand[], outer: number): Storage {
    return move.concat(this.on, parts, outer);
  }
}
