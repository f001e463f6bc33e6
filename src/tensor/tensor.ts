import type { DType, TypedArray } from '../base/dtype';
import { OptionError, ShapeError } from '../base/errors';
import { inspectable } from '../base/inspectable';
import { inMessage, refuseExtra } from '../base/options';
import { type Shape, show, sizeOf } from '../base/shape';
import { debugging, finiteSoFar } from './inspect/debug';
import { plain, textOf } from './inspect/text';
import { checkAlive } from './lifetime';
import type { Methods } from './methods';
import type { NestedArray } from './ops/create';
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

/** Nested arrays by the number of their axes. */
export interface ArraysOf {
  /** A scalar. */
  0: number;
  /** A vector. */
  1: number[];
  /** A matrix. */
  2: number[][];
  /** A batch of matrices. */
  3: number[][][];
  /** Images, or heads of attention. */
  4: number[][][][];
}

/** Named tensors, keyed by dotted path: parameters, gradients, updates (D4). */
export type Params = Readonly<Record<string, Tensor>>;

/** The ops as methods. */
export interface Tensor extends Methods {}

/**
 * A dense array of numbers. Ops return at once; values are read with `await t.data()` on every backend, since a GPU may
 * still be computing them. Every op is a function and also a method here: `add(a, b)` is `a.add(b)`.
 *
 * A tensor is a name for an immutable `Value`. It has no gradient field and no link to what it was made of: derivatives
 * are results of functions such as `valueAndGrad`, and what they need to know of the ops stands on their tape.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: methods.ts puts in what Methods lists; entries with tensors import it
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
  array(): Promise<number | NestedArray>;
  /**
   * The values of a tensor that has `ndim` axes, in arrays nested to that depth: `array(2)` gives `number[][]`.
   * @throws ShapeError `array/ndim`
   */
  array<N extends keyof ArraysOf>(ndim: N): Promise<ArraysOf[N]>;
  async array(ndim = this.ndim): Promise<number | NestedArray> {
    if (arguments.length > 1) refuseExtra('array', arguments, 1);
    if (ndim !== this.ndim) throw otherDepth(ndim, this.shape);
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
}

inspectable(Tensor.prototype, ({ value }, nested) => textOf(value, nested));

/** The values, for the method that the user called. */
async function read(value: Value, where: string): Promise<TypedArray> {
  checkAlive(where, value);
  const values = await value.backend.read(value.storage);
  if (debugging.nonFinite) await finiteSoFar();
  return values;
}

function nest(values: TypedArray, shape: Shape): number | NestedArray {
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

function otherDepth(ndim: unknown, shape: Shape): ShapeError {
  return new ShapeError({
    code: 'array/ndim',
    got: `array got ndim = ${inMessage(ndim)} for a tensor ${show(shape)}`,
    expected: `${shape.length}, the number of its axes, or nothing`,
    fix: `write array(${shape.length}), or reshape it`,
  });
}
