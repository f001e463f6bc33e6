import { backend } from '../../backend/current';
import { allocate, type TypedArray } from '../../base/dtype';
import { ShapeError } from '../../base/errors';
import {
  asArray,
  checkArgument,
  finite,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../base/options';
import { checkShape, type Shape, shapeKind, show, sizeOf } from '../../base/shape';
import { checkFinite, debugging } from '../inspect/debug';
import { dtypeKind } from '../kinds';
import { wrap } from '../op';
import type { Tensor } from '../tensor';
import { dtypeFor, type NestedArray, type NumericArray, shapeOf, write } from './values';

export type { NestedArray, NumericArray } from './values';

const tensorOptions = {
  /** Another shape for as many values (default: that of the values). */
  shape: optional(shapeKind),
  /** 'float32', or 'int32' (default: 'int32' for integer arrays such as `Int32Array`, otherwise 'float32'). */
  dtype: optional(dtypeKind),
};

/** Shape and dtype of a new tensor. */
export interface TensorOptions extends OptionsOf<typeof tensorOptions> {}

/**
 * A tensor from numbers. Nested arrays give their own shape; a flat array may be given one. The dtype is float32, as that
 * of `Float64Array` is (rounded), and int32 for typed arrays of integers, unless `dtype` says otherwise. The values are
 * copied. What int32 cannot hold is refused: fractions, NaN, and numbers beyond ±2³¹.
 * @throws ShapeError `tensor/ragged`, `tensor/length`, `shape/extent`
 * @throws OptionError `tensor/values`, `tensor/int32`, `tensor/dtype`
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(x.shape, x.dtype); // prints [ 2, 2 ] float32
 */
export function tensor(values: number | NestedArray | NumericArray, options: TensorOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('tensor', arguments, 2, 'write tensor([1, 2, 3])');
  const wanted = readOptions('tensor', tensorOptions, options, 'values');
  const given = shapeOf(values);
  const { shape = given, dtype = dtypeFor(values) } = wanted;
  const size = sizeOf(given);
  if (sizeOf(shape) !== size) {
    throw new ShapeError({
      code: 'tensor/length',
      got: `tensor got ${size} values for the shape ${show(shape)}`,
      expected: `${sizeOf(shape)} values`,
      fix: 'pass as many values as the shape holds',
    });
  }
  const flat = allocate(dtype, size, 'tensor');
  write(values, given, flat);
  return fromArray(flat, shape);
}

/** Take over a typed array without a copy. The caller must not write to it again. */
export function fromArray(values: TypedArray, shape: Shape): Tensor {
  const made = wrap(backend().fromHost(values), shape, 'tensor');
  if (debugging.nonFinite) checkFinite('tensor', made.value);
  return made;
}

/** A float32 tensor with x everywhere. */
export function full(shape: Shape, x: number): Tensor {
  if (arguments.length > 2) refuseExtra('full', arguments, 2, 'write full([2, 3], x)');
  checkArgument('full', 'x', anyNumber, x);
  return filled('full', shape, x);
}

/** A float32 tensor of zeros. */
export function zeros(shape: Shape): Tensor {
  if (arguments.length > 1) refuseExtra('zeros', arguments, 1, asArray('zeros', arguments));
  return filled('zeros', shape, 0);
}

/** A float32 tensor of ones. */
export function ones(shape: Shape): Tensor {
  if (arguments.length > 1) refuseExtra('ones', arguments, 1, asArray('ones', arguments));
  return filled('ones', shape, 1);
}

function filled(where: string, shape: Shape, x: number): Tensor {
  checkShape(where, shape);
  const values = allocate('float32', sizeOf(shape), where);
  return fromArray(x === 0 ? values : values.fill(x), shape); // zeros cost no memory until they are written
}

/** int32 0, 1, …, n − 1. */
export function arange(n: number): Tensor {
  if (arguments.length > 1)
    refuseExtra('arange', arguments, 1, 'write add(arange(n).cast(…), start) for another start');
  checkArgument('arange', 'n', lengthKind, n);
  const values = allocate('int32', n, 'arange');
  for (let i = 0; i < n; i++) values[i] = i;
  return fromArray(values, [n]);
}

/**
 * `count` numbers at equal distances from `start` to `end`, both of them included; float32. One number is `start`.
 * @example
 * console.log(await linspace(0, 1, 5).array()); // prints [ 0, 0.25, 0.5, 0.75, 1 ]
 */
export function linspace(start: number, end: number, count: number): Tensor {
  if (arguments.length > 3) refuseExtra('linspace', arguments, 3);
  checkArgument('linspace', 'start', finite, start);
  checkArgument('linspace', 'end', finite, end);
  checkArgument('linspace', 'count', lengthKind, count);
  const values = allocate('float32', count, 'linspace');
  const step = (end - start) / (count - 1);
  // Either half counts from its own end, so that both ends are exact.
  for (let i = 0; i < count; i++) values[i] = i < count / 2 ? start + i * step : end - (count - 1 - i) * step;
  if (count === 1) values[0] = start;
  return fromArray(values, [count]);
}

/** The identity matrix [n, n]. */
export function eye(n: number): Tensor {
  if (arguments.length > 1) refuseExtra('eye', arguments, 1, 'write eye(n) for a square matrix');
  checkArgument('eye', 'n', lengthKind, n);
  checkShape('eye', [n, n]);
  const values = allocate('float32', n * n, 'eye');
  for (let i = 0; i < n; i++) values[i * n + i] = 1;
  return fromArray(values, [n, n]);
}

const anyNumber = kindOf<number>('a number', (value) => typeof value === 'number');

/** A number of elements whose positions int32 can hold. */
export const lengthKind = whole({ low: 0, high: 2 ** 31 });
