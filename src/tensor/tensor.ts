import type { DType, TypedArray } from '../base/dtype';
import { ShapeError } from '../base/errors';
import { inspectable } from '../base/inspectable';
import { type Shape, show, sizeOf } from '../base/shape';
import { debugging, finiteSoFar } from './debug';
import { bindTensor } from './op';
import * as ops from './ops';
import { checkAlive } from './scope';
import { noteRead } from './tape';
import { plain, textOf } from './text';
import type { Value } from './value';

/** Named tensors, keyed by dotted path: parameters, gradients, updates (D4). */
export type Params = Readonly<Record<string, Tensor>>;

/**
 * A dense array of numbers. Ops return at once; values are read with `await t.data()` on every backend. Every op is a
 * function and also a method here: `add(a, b)` is `a.add(b)`.
 */
export class Tensor {
  /** @internal What this tensor names now; only `assign` points it at something else. */
  value: Value;

  /** @internal Use `tensor()`, `zeros()` … to make one. */
  constructor(value: Value) {
    this.value = value;
  }

  /** Extents of the axes, outermost first. */
  get shape(): Shape {
    return this.value.shape;
  }
  /** Type of the elements: 'float32', or 'int32' for ids and comparisons. */
  get dtype(): DType {
    return this.value.dtype;
  }
  /** Number of axes; 0 for a scalar. */
  get ndim(): number {
    return this.shape.length;
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** A copy of the values, row-major. */
  async data(): Promise<TypedArray> {
    checkAlive('data', this.value);
    const values = await this.value.backend.read(this.value.storage);
    if (debugging.nonFinite) await finiteSoFar();
    return values;
  }
  /** As `data`, at once, where the backend can. @throws BackendError `read/sync` */
  dataSync(): TypedArray {
    checkAlive('dataSync', this.value);
    noteRead(this.value);
    return this.value.backend.readSync(this.value.storage);
  }
  /** The only element. @throws ShapeError `item/size` */
  async item(): Promise<number> {
    if (this.size !== 1) throw notSingle(this.shape);
    return (await this.data())[0] as number;
  }
  /** The values in nested arrays; a number for a scalar. */
  async array(): Promise<number | ops.NestedArray> {
    return nest(await this.data(), this.shape);
  }
  /**
   * dtype, shape and values, as NumPy prints an array of them: summarised above 1000 elements. `console.log` shows the same
   * in Node, Deno and Bun. Where the values cannot be read at once it says so. Never throws.
   * @example
   * console.log(`${tensor([1, 0.5, NaN])}`); // prints Tensor float32 [3]: [1.  0.5 nan]
   */
  toString(): string {
    return textOf(this.value);
  }
  /**
   * For `JSON.stringify`: all values, row-major, with 'NaN', 'Infinity', '-Infinity' and '-0' as strings, so that
   * `tensor(Float32Array.from(values, Number), { shape })` has the same bits.
   * @throws BackendError `read/sync`
   * @throws StateError `scope/freed`
   */
  toJSON(): { dtype: DType; shape: Shape; values: (number | string)[] } {
    return { dtype: this.dtype, shape: this.shape, values: plain(this.dataSync()) };
  }

  add(b: ops.Operand): Tensor {
    return ops.add(this, b);
  }
  sub(b: ops.Operand): Tensor {
    return ops.sub(this, b);
  }
  mul(b: ops.Operand): Tensor {
    return ops.mul(this, b);
  }
  div(b: ops.Operand): Tensor {
    return ops.div(this, b);
  }
  pow(b: ops.Operand): Tensor {
    return ops.pow(this, b);
  }
  maximum(b: ops.Operand): Tensor {
    return ops.maximum(this, b);
  }
  minimum(b: ops.Operand): Tensor {
    return ops.minimum(this, b);
  }
  equal(b: ops.Operand): Tensor {
    return ops.equal(this, b);
  }
  less(b: ops.Operand): Tensor {
    return ops.less(this, b);
  }
  lessEqual(b: ops.Operand): Tensor {
    return ops.lessEqual(this, b);
  }
  greater(b: ops.Operand): Tensor {
    return ops.greater(this, b);
  }
  greaterEqual(b: ops.Operand): Tensor {
    return ops.greaterEqual(this, b);
  }
  neg(): Tensor {
    return ops.neg(this);
  }
  exp(): Tensor {
    return ops.exp(this);
  }
  log(): Tensor {
    return ops.log(this);
  }
  sqrt(): Tensor {
    return ops.sqrt(this);
  }
  rsqrt(): Tensor {
    return ops.rsqrt(this);
  }
  abs(): Tensor {
    return ops.abs(this);
  }
  sign(): Tensor {
    return ops.sign(this);
  }
  square(): Tensor {
    return ops.square(this);
  }
  tanh(): Tensor {
    return ops.tanh(this);
  }
  sigmoid(): Tensor {
    return ops.sigmoid(this);
  }
  relu(): Tensor {
    return ops.relu(this);
  }
  silu(): Tensor {
    return ops.silu(this);
  }
  gelu(options?: ops.GeluOptions): Tensor {
    return ops.gelu(this, options);
  }
  erf(): Tensor {
    return ops.erf(this);
  }
  clip(low: number, high: number): Tensor {
    return ops.clip(this, low, high);
  }
  clone(): Tensor {
    return ops.clone(this);
  }
  cast(dtype: DType): Tensor {
    return ops.cast(this, dtype);
  }
  matmul(b: Tensor, options?: ops.MatmulOptions): Tensor {
    return ops.matmul(this, b, options);
  }
  sum(options?: ops.ReduceOptions): Tensor {
    return ops.sum(this, options);
  }
  mean(options?: ops.ReduceOptions): Tensor {
    return ops.mean(this, options);
  }
  max(options?: ops.ReduceOptions): Tensor {
    return ops.max(this, options);
  }
  min(options?: ops.ReduceOptions): Tensor {
    return ops.min(this, options);
  }
  variance(options?: ops.ReduceOptions & { correction?: number }): Tensor {
    return ops.variance(this, options);
  }
  argmax(options?: { axis?: number; keepDims?: boolean }): Tensor {
    return ops.argmax(this, options);
  }
  logSumExp(options?: ops.ReduceOptions): Tensor {
    return ops.logSumExp(this, options);
  }
  cumsum(options?: { axis?: number }): Tensor {
    return ops.cumsum(this, options);
  }
  topK(k: number): ops.TopK {
    return ops.topK(this, k);
  }
  reshape(shape: Shape): Tensor {
    return ops.reshape(this, shape);
  }
  transpose(axes?: readonly number[]): Tensor {
    return ops.transpose(this, axes);
  }
  slice(start: readonly number[], end: readonly number[]): Tensor {
    return ops.slice(this, start, end);
  }
  pad(padding: readonly (readonly [number, number])[], value?: number): Tensor {
    return ops.pad(this, padding, value);
  }
  squeeze(axis?: number): Tensor {
    return ops.squeeze(this, axis);
  }
  unsqueeze(axis: number): Tensor {
    return ops.unsqueeze(this, axis);
  }
  broadcastTo(shape: Shape): Tensor {
    return ops.broadcastTo(this, shape);
  }
  softmax(options?: { axis?: number }): Tensor {
    return ops.softmax(this, options);
  }
  logSoftmax(options?: { axis?: number }): Tensor {
    return ops.logSoftmax(this, options);
  }
  tril(k?: number): Tensor {
    return ops.tril(this, k);
  }
}

bindTensor((value) => new Tensor(value));
inspectable(Tensor.prototype, ({ value }, nested) => textOf(value, nested));

function nest(values: TypedArray, shape: Shape): number | ops.NestedArray {
  const [extent, ...inner] = shape;
  if (extent === undefined) return values[0] as number;
  const width = sizeOf(inner);
  return Array.from({ length: extent }, (_, i) => nest(values.subarray(i * width, (i + 1) * width), inner));
}

function notSingle(shape: Shape): ShapeError {
  return new ShapeError({
    code: 'item/size',
    got: `item got a tensor ${show(shape)}`,
    expected: 'a single element',
    fix: 'use data() or array(), or reduce it first',
  });
}
