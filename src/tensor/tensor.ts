import type { DType, TypedArray } from '../base/dtype';
import { OptionError, ShapeError } from '../base/errors';
import { inspectable } from '../base/inspectable';
import { asArray, inMessage, refuseExtra } from '../base/options';
import { type Shape, show, sizeOf } from '../base/shape';
import { debugging, finiteSoFar } from './inspect/debug';
import { plain, textOf } from './inspect/text';
import { checkAlive } from './lifetime';
import { bindTensor } from './op';
import * as ops from './ops';
import { noteRead } from './reads';
import { Value } from './value';

/** A tensor as `JSON.stringify` writes it. */
export interface TensorJSON {
  /** 'float32' or 'int32'. */
  readonly dtype: DType;
  /** Extents of the axes, outermost first. */
  readonly shape: Shape;
  /** Row-major; what JSON has no number for is a string. */
  readonly values: readonly (number | string)[];
}

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
    if (!(value instanceof Value)) throw notAValue(value);
    if (arguments.length > 1) refuseExtra('new Tensor', arguments, 1);
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
    if (arguments.length > 0) refuseExtra('data', arguments, 0);
    return read(this.value, 'data');
  }
  /** The values at once, as a copy, where the backend can read synchronously. @throws BackendError `read/sync` */
  dataSync(): TypedArray {
    if (arguments.length > 0) refuseExtra('dataSync', arguments, 0);
    checkAlive('dataSync', this.value);
    noteRead(this.value);
    return this.value.backend.readSync(this.value.storage);
  }
  /** The only element. @throws ShapeError `item/size` */
  async item(): Promise<number> {
    if (arguments.length > 0) refuseExtra('item', arguments, 0);
    if (this.size !== 1) throw notSingle(this.shape);
    return (await read(this.value, 'item'))[0] as number;
  }
  /** The values in nested arrays; a number for a scalar. */
  async array(): Promise<number | ops.NestedArray> {
    if (arguments.length > 0) refuseExtra('array', arguments, 0);
    return nest(await read(this.value, 'array'), this.shape);
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
  toJSON(): TensorJSON {
    return { dtype: this.dtype, shape: this.shape, values: plain(this.dataSync()) };
  }

  add(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('add', arguments, 1);
    return ops.add(this, b);
  }
  sub(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('sub', arguments, 1);
    return ops.sub(this, b);
  }
  mul(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('mul', arguments, 1);
    return ops.mul(this, b);
  }
  div(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('div', arguments, 1);
    return ops.div(this, b);
  }
  pow(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('pow', arguments, 1);
    return ops.pow(this, b);
  }
  maximum(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('maximum', arguments, 1);
    return ops.maximum(this, b);
  }
  minimum(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('minimum', arguments, 1);
    return ops.minimum(this, b);
  }
  equal(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('equal', arguments, 1);
    return ops.equal(this, b);
  }
  less(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('less', arguments, 1);
    return ops.less(this, b);
  }
  lessEqual(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('lessEqual', arguments, 1);
    return ops.lessEqual(this, b);
  }
  greater(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('greater', arguments, 1);
    return ops.greater(this, b);
  }
  greaterEqual(b: ops.Operand): Tensor {
    if (arguments.length > 1) refuseExtra('greaterEqual', arguments, 1);
    return ops.greaterEqual(this, b);
  }
  neg(): Tensor {
    if (arguments.length > 0) refuseExtra('neg', arguments, 0);
    return ops.neg(this);
  }
  exp(): Tensor {
    if (arguments.length > 0) refuseExtra('exp', arguments, 0);
    return ops.exp(this);
  }
  log(): Tensor {
    if (arguments.length > 0) refuseExtra('log', arguments, 0);
    return ops.log(this);
  }
  sqrt(): Tensor {
    if (arguments.length > 0) refuseExtra('sqrt', arguments, 0);
    return ops.sqrt(this);
  }
  rsqrt(): Tensor {
    if (arguments.length > 0) refuseExtra('rsqrt', arguments, 0);
    return ops.rsqrt(this);
  }
  abs(): Tensor {
    if (arguments.length > 0) refuseExtra('abs', arguments, 0);
    return ops.abs(this);
  }
  sign(): Tensor {
    if (arguments.length > 0) refuseExtra('sign', arguments, 0);
    return ops.sign(this);
  }
  square(): Tensor {
    if (arguments.length > 0) refuseExtra('square', arguments, 0);
    return ops.square(this);
  }
  tanh(): Tensor {
    if (arguments.length > 0) refuseExtra('tanh', arguments, 0);
    return ops.tanh(this);
  }
  sigmoid(): Tensor {
    if (arguments.length > 0) refuseExtra('sigmoid', arguments, 0);
    return ops.sigmoid(this);
  }
  relu(): Tensor {
    if (arguments.length > 0) refuseExtra('relu', arguments, 0);
    return ops.relu(this);
  }
  silu(): Tensor {
    if (arguments.length > 0) refuseExtra('silu', arguments, 0);
    return ops.silu(this);
  }
  gelu(options?: ops.GeluOptions): Tensor {
    if (arguments.length > 1) refuseExtra('gelu', arguments, 1);
    return ops.gelu(this, options);
  }
  erf(): Tensor {
    if (arguments.length > 0) refuseExtra('erf', arguments, 0);
    return ops.erf(this);
  }
  clip(low: number, high: number): Tensor {
    if (arguments.length > 2) refuseExtra('clip', arguments, 2);
    return ops.clip(this, low, high);
  }
  clone(): Tensor {
    if (arguments.length > 0) refuseExtra('clone', arguments, 0);
    return ops.clone(this);
  }
  cast(dtype: DType): Tensor {
    if (arguments.length > 1) refuseExtra('cast', arguments, 1);
    return ops.cast(this, dtype);
  }
  matmul(b: Tensor, options?: ops.MatmulOptions): Tensor {
    if (arguments.length > 2) refuseExtra('matmul', arguments, 2);
    return ops.matmul(this, b, options);
  }
  sum(options?: ops.ReduceOptions): Tensor {
    if (arguments.length > 1) refuseExtra('sum', arguments, 1);
    return ops.sum(this, options);
  }
  mean(options?: ops.ReduceOptions): Tensor {
    if (arguments.length > 1) refuseExtra('mean', arguments, 1);
    return ops.mean(this, options);
  }
  max(options?: ops.ReduceOptions): Tensor {
    if (arguments.length > 1) refuseExtra('max', arguments, 1);
    return ops.max(this, options);
  }
  min(options?: ops.ReduceOptions): Tensor {
    if (arguments.length > 1) refuseExtra('min', arguments, 1);
    return ops.min(this, options);
  }
  variance(options?: ops.VarianceOptions): Tensor {
    if (arguments.length > 1) refuseExtra('variance', arguments, 1);
    return ops.variance(this, options);
  }
  argmax(options?: ops.ArgmaxOptions): Tensor {
    if (arguments.length > 1) refuseExtra('argmax', arguments, 1);
    return ops.argmax(this, options);
  }
  logSumExp(options?: ops.ReduceOptions): Tensor {
    if (arguments.length > 1) refuseExtra('logSumExp', arguments, 1);
    return ops.logSumExp(this, options);
  }
  cumsum(options?: ops.CumsumOptions): Tensor {
    if (arguments.length > 1) refuseExtra('cumsum', arguments, 1);
    return ops.cumsum(this, options);
  }
  topK(k: number): ops.TopK {
    if (arguments.length > 1) refuseExtra('topK', arguments, 1);
    return ops.topK(this, k);
  }
  reshape(shape: Shape): Tensor {
    if (arguments.length > 1) refuseExtra('reshape', arguments, 1, asArray('reshape', arguments));
    return ops.reshape(this, shape);
  }
  transpose(axes?: readonly number[]): Tensor {
    if (arguments.length > 1) refuseExtra('transpose', arguments, 1, asArray('transpose', arguments));
    return ops.transpose(this, axes);
  }
  slice(start: readonly number[], end: readonly number[]): Tensor {
    if (arguments.length > 2) refuseExtra('slice', arguments, 2);
    return ops.slice(this, start, end);
  }
  pad(padding: readonly (readonly [number, number])[], value?: number): Tensor {
    if (arguments.length > 2) refuseExtra('pad', arguments, 2);
    return ops.pad(this, padding, value);
  }
  squeeze(axis?: number): Tensor {
    if (arguments.length > 1) refuseExtra('squeeze', arguments, 1);
    return ops.squeeze(this, axis);
  }
  unsqueeze(axis: number): Tensor {
    if (arguments.length > 1) refuseExtra('unsqueeze', arguments, 1);
    return ops.unsqueeze(this, axis);
  }
  broadcastTo(shape: Shape): Tensor {
    if (arguments.length > 1) refuseExtra('broadcastTo', arguments, 1, asArray('broadcastTo', arguments));
    return ops.broadcastTo(this, shape);
  }
  softmax(options?: ops.SoftmaxOptions): Tensor {
    if (arguments.length > 1) refuseExtra('softmax', arguments, 1);
    return ops.softmax(this, options);
  }
  logSoftmax(options?: ops.SoftmaxOptions): Tensor {
    if (arguments.length > 1) refuseExtra('logSoftmax', arguments, 1);
    return ops.logSoftmax(this, options);
  }
  tril(k?: number): Tensor {
    if (arguments.length > 1) refuseExtra('tril', arguments, 1);
    return ops.tril(this, k);
  }
}

bindTensor((value) => new Tensor(value));
inspectable(Tensor.prototype, ({ value }, nested) => textOf(value, nested));

/** The values, for the method that the user called. */
async function read(value: Value, where: string): Promise<TypedArray> {
  checkAlive(where, value);
  const values = await value.backend.read(value.storage);
  if (debugging.nonFinite) await finiteSoFar();
  return values;
}

function nest(values: TypedArray, shape: Shape): number | ops.NestedArray {
  const [extent, ...inner] = shape;
  if (extent === undefined) return values[0] as number;
  const width = sizeOf(inner);
  return Array.from({ length: extent }, (_, i) => nest(values.subarray(i * width, (i + 1) * width), inner));
}

function notAValue(value: unknown): OptionError {
  return new OptionError({
    code: 'tensor/values',
    got: `new Tensor got ${inMessage(value)}`,
    expected: 'to be called by ops alone',
    fix: 'make tensors with tensor([…]), zeros(shape) or random.normal(key, shape)',
  });
}

function notSingle(shape: Shape): ShapeError {
  return new ShapeError({
    code: 'item/size',
    got: `item got a tensor ${show(shape)}`,
    expected: 'a single element',
    fix: 'use data() or array(), or reduce it first',
  });
}
