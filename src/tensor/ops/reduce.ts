import type { Axes } from '../../backend/backend';
import { checkOptions } from '../../base/errors';
import { normalizeAxis, type Shape, sizeOf } from '../../base/shape';
import { checkFloat } from '../op';
import type { Tensor } from '../tensor';
import { reshape } from './reshape';

/** `axis`: one axis or several (default: all). `keepDims`: leave them as extents of 1 (default: remove them). */
export interface ReduceOptions {
  /** One axis or several, negative ones counted from the back (default: all). */
  readonly axis?: number | readonly number[];
  /** Leave the reduced axes as extents of 1 (default false: remove them). */
  readonly keepDims?: boolean;
}

/** The axes of a reduction, counted from the front and sorted. */
export function reducedAxes(where: string, x: Tensor, options: ReduceOptions): number[] {
  checkOptions(where, options, ['axis', 'keepDims']);
  const { axis = x.shape.map((_, i) => i) } = options;
  const list = typeof axis === 'number' ? [axis] : axis;
  return [...new Set(list.map((a) => normalizeAxis(where, a, x.shape)))].sort((a, b) => a - b);
}

/** x's shape with 1 at these axes, or without them. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis));
}

/**
 * Reduce over any set of axes with a kernel that takes one run of neighbours at a time. `one` gets the tensor, the run
 * as [outer, length, inner] and the shape with that run set to 1.
 */
export function reduceRuns(
  where: string,
  x: Tensor,
  options: ReduceOptions,
  one: (x: Tensor, run: Axes, shape: Shape) => Tensor,
): Tensor {
  checkFloat(where, x);
  const axes = reducedAxes(where, x, options);
  let result = x;
  for (let last = axes.length - 1; last >= 0; ) {
    let first = last;
    while (first > 0 && axes[first - 1] === (axes[first] as number) - 1) first -= 1;
    const [from, to] = [axes[first] as number, (axes[last] as number) + 1];
    const { shape } = result;
    const run = [sizeOf(shape.slice(0, from)), sizeOf(shape.slice(from, to)), sizeOf(shape.slice(to))] as const;
    const after = shape.map((extent, axis) => (axis >= from && axis < to ? 1 : extent));
    result = one(result, run, after);
    last = first - 1;
  }
  return reshape(result, reducedShape(x.shape, axes, options.keepDims ?? false));
}
