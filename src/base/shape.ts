import { ShapeError } from './errors';
import { checkArgument, inMessage, type Kind } from './options';

/** Extents of the axes, outermost first; `[]` is a scalar. Tensors are dense and row-major. */
export type Shape = readonly number[];

/** Number of elements: the product of the extents, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** `[32, 784]`, as messages print it. */
export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Elements to skip for one step along each axis of a dense row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Strides of `shape` read as if it were `target`: 0 along every axis that is repeated. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : (own[axis - missing] as number)));
}

/**
 * The shape of `a op b` under NumPy's rule: align at the last axis, an extent of 1 (or a missing axis) is repeated.
 * @throws ShapeError `broadcast/mismatch`
 */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const out = new Array<number>(ndim);
  for (let axis = 0; axis < ndim; axis++) {
    const p = a[axis - ndim + a.length] ?? 1;
    const q = b[axis - ndim + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1) {
      throw new ShapeError({
        code: 'broadcast/mismatch',
        got: `${where} got a ${show(a)} and b ${show(b)}`,
        expected: 'shapes that agree from the last axis on, or have 1 where they differ',
        fix: 'reshape or unsqueeze one of them, for example x.reshape([n, 1])',
      });
    }
    out[axis] = p === 1 ? q : p;
  }
  return out;
}

/** A whole number; `normalizeAxis` sees whether the tensor has that axis. */
export const axisKind: Kind<number> = {
  expected: 'a whole number',
  code: 'axis/range',
  ofShapes: true,
  fits: (value): value is number => Number.isSafeInteger(value),
  fix: () => 'count the axes from 0, or from −1 backwards',
};

/**
 * `axis` counted from the front: −1 is the last one.
 * @throws ShapeError `axis/range`
 */
export function normalizeAxis(where: string, axis: number, shape: Shape): number {
  const ndim = shape.length;
  if (Number.isInteger(axis) && axis >= -ndim && axis < ndim) return axis < 0 ? axis + ndim : axis;
  throw new ShapeError({
    code: 'axis/range',
    got: `${where} got axis ${inMessage(axis)} for a tensor ${show(shape)}`,
    expected: ndim === 0 ? 'no axis, since it is a scalar' : `an axis from ${-ndim} to ${ndim - 1}`,
    fix: 'count the axes from 0, or from −1 backwards',
  });
}

/** More elements than any device holds; their positions stay exact. */
const mostElements = 2 ** 40;

/** Whole, non-negative extents. */
export const shapeKind: Kind<Shape> = {
  expected: 'an array of whole numbers ≥ 0, with at most 2^40 elements in all',
  code: 'shape/extent',
  ofShapes: true,
  fits: (value): value is Shape => isList(value, 0) && sizeOf(value) <= mostElements,
  fix: (value) => (typeof value === 'number' ? `write [${value}]` : 'pass a shape such as [2, 3]'),
};

/** Like `every`, which would skip the holes of a sparse array. */
function isList(value: unknown, low: number): value is readonly number[] {
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (!Number.isSafeInteger(value[i]) || value[i] < low) return false;
  return true;
}

/** A shape with at most some extents of −1, to be worked out. */
export const openShapeKind: Kind<Shape> = {
  ...shapeKind,
  expected: 'an array of whole numbers ≥ 0, one of which may be −1',
  fits: (value): value is Shape => isList(value, -1),
};

/**
 * @throws ShapeError `shape/extent`
 */
export function checkShape(where: string, shape: Shape): void {
  checkArgument(where, 'shape', shapeKind, shape);
}
