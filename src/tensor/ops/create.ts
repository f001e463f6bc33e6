import { backend } from '../../backend/current';
import { allocate, type DType, dtypeOf, type TypedArray } from '../../base/dtype';
import { OptionError, ShapeError } from '../../base/errors';
import { checkShape, type Shape, show, sizeOf } from '../../base/shape';
import { checkFinite, debugging } from '../debug';
import { wrap } from '../op';
import type { Tensor } from '../tensor';

/** Numbers in nested arrays of equal lengths. */
export type NestedArray = readonly (number | NestedArray)[];

/**
 * A tensor from numbers. Nested arrays give their own shape; a flat array may be given one. The dtype is float32
 * unless an `Int32Array` or `dtype: 'int32'` says otherwise. The values are copied.
 * @throws ShapeError `tensor/ragged`, `tensor/length`
 * @throws OptionError `tensor/dtype`
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(x.shape, x.dtype); // prints [ 2, 2 ] float32
 */
export function tensor(
  values: number | NestedArray | TypedArray,
  options: { shape?: readonly number[]; dtype?: DType } = {},
): Tensor {
  const given = shapeOf(values);
  const shape = options.shape ?? given;
  checkShape('tensor', shape);
  const dtype = options.dtype ?? (ArrayBuffer.isView(values) ? dtypeOf(values) : 'float32');
  if (dtype !== 'float32' && dtype !== 'int32') {
    throw new OptionError({
      code: 'tensor/dtype',
      got: `tensor got dtype ${String(dtype)}`,
      expected: "'float32' or 'int32'",
      fix: 'leave dtype out for float32',
    });
  }
  if (sizeOf(shape) !== sizeOf(given)) {
    throw new ShapeError({
      code: 'tensor/length',
      got: `tensor got ${sizeOf(given)} values for the shape ${show(shape)}`,
      expected: `${sizeOf(shape)} values`,
      fix: 'pass as many values as the shape holds',
    });
  }
  const flat = allocate(dtype, sizeOf(shape));
  if (ArrayBuffer.isView(values)) flat.set(values);
  else flatten(values, flat, 0);
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
  checkShape('full', shape);
  const values = new Float32Array(sizeOf(shape));
  return fromArray(x === 0 ? values : values.fill(x), shape); // zeros that nobody writes cost no memory yet
}

/** A float32 tensor of zeros. */
export function zeros(shape: Shape): Tensor {
  return full(shape, 0);
}

/** A float32 tensor of ones. */
export function ones(shape: Shape): Tensor {
  return full(shape, 1);
}

/** int32 0, 1, …, n − 1. */
export function arange(n: number): Tensor {
  checkShape('arange', [n]);
  return fromArray(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
  );
}

/** The identity matrix [n, n]. */
export function eye(n: number): Tensor {
  checkShape('eye', [n, n]);
  const values = new Float32Array(n * n);
  for (let i = 0; i < n; i++) values[i * n + i] = 1;
  return fromArray(values, [n, n]);
}

function shapeOf(values: number | NestedArray | TypedArray): number[] {
  if (typeof values === 'number') return [];
  if (ArrayBuffer.isView(values)) return [values.length];
  return values.length === 0 ? [0] : [values.length, ...shapeOf(values[0] as number | NestedArray)];
}

/** Write nested numbers in order; returns where it stopped. */
function flatten(values: number | NestedArray, into: TypedArray, at: number, depthShape = shapeOf(values)): number {
  if (typeof values === 'number') {
    into[at] = values;
    return at + 1;
  }
  const [, ...inner] = depthShape;
  for (const value of values) {
    const found = shapeOf(value);
    if (found.join() !== inner.join()) {
      throw new ShapeError({
        code: 'tensor/ragged',
        got: `tensor got nested arrays of shapes ${show(inner)} and ${show(found)} side by side`,
        expected: 'arrays of equal lengths',
        fix: 'pad the shorter rows',
      });
    }
    at = flatten(value, into, at, found);
  }
  return at;
}
