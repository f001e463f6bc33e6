import type { Axes } from '../../../backend/contract';
import { boolean, either, listOf, type OptionsOf, optional, readOptions } from '../../../base/options';
import { axisKind, normalizeAxis, type Shape, sizeOf } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { reshape } from '../movement/reshape';

/** One axis or several; `axesOf` sees whether the tensor has them. */
export const axesKind = either(axisKind, listOf(axisKind));

export const reduceOptions = {
  /** One axis or several, negative ones counted from the back (default: all). */
  axis: optional(axesKind),
  /** Leave the reduced axes as extents of 1 (default false: remove them). */
  keepDims: optional(boolean, false),
};

/** `axis`: one axis or several (default: all). `keepDims`: leave them as extents of 1 (default: remove them). */
export interface ReduceOptions extends OptionsOf<typeof reduceOptions> {}

/** Over which axes, counted from the front and sorted. */
export interface Reduced {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** What a reduction of x was asked for, with x and the options checked for the function that the user called. */
export function reduced(where: string, x: Tensor, options: ReduceOptions | undefined): Reduced {
  checkFloat(where, x);
  return reducedOver(where, x, options);
}

/** `reduced` for a tensor that is checked already, of either dtype. */
export function reducedOver(where: string, x: Tensor, options: ReduceOptions | undefined): Reduced {
  if (options === undefined) return { axes: x.shape.map((_, i) => i), keepDims: false };
  const { axis, keepDims } = readOptions(where, reduceOptions, options, 'x');
  return { axes: axesOf(where, x, axis), keepDims };
}

/** The axes that `axis` names, counted from the front and sorted; all where it names none. */
export function axesOf(where: string, x: Tensor, axis: ReduceOptions['axis']): number[] {
  if (axis === undefined) return x.shape.map((_, i) => i);
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
  x: Tensor,
  { axes, keepDims }: Reduced,
  one: (x: Tensor, run: Axes, shape: Shape) => Tensor,
): Tensor {
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
  return reshape(result, reducedShape(x.shape, axes, keepDims));
}
