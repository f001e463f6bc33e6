import { boolean, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis, sizeOf } from '../../../base/shape';
import { checkFloat, compute } from '../../op';
import type { Tensor } from '../../tensor';
import { neg } from '../elementwise/neg';
import { reshape } from '../movement/reshape';
import { emptyReduction } from './max';
import { reducedShape } from './reduce';

const argmaxOptions = {
  /** The axis, negative ones counted from the back (default: the tensor as one vector). */
  axis: optional(axisKind),
  /** Leave the axis as an extent of 1 (default false: remove it). */
  keepDims: optional(boolean, false),
};

/** Along which axis. */
export interface ArgmaxOptions extends OptionsOf<typeof argmaxOptions> {}

/**
 * int32 position of the first largest element along an axis (default: of all elements); NaN counts as largest. No
 * derivative.
 * @throws ShapeError `reduce/empty`, `axis/range`
 */
export function argmax(x: Tensor, options?: ArgmaxOptions): Tensor {
  if (arguments.length > 2) refuseExtra('argmax', arguments, 2);
  checkFloat('argmax', x);
  return positionOf('argmax', x, options, (part) => part);
}

/**
 * int32 position of the first smallest element along an axis (default: of all elements); NaN counts as smallest, as in
 * NumPy and PyTorch. No derivative.
 * @throws ShapeError `reduce/empty`, `axis/range`
 * @example
 * console.log(await argmin(tensor([3, 1, 2])).item()); // prints 1
 */
export function argmin(x: Tensor, options?: ArgmaxOptions): Tensor {
  if (arguments.length > 2) refuseExtra('argmin', arguments, 2);
  checkFloat('argmin', x);
  return positionOf('argmin', x, options, neg);
}

/** `argmax` of `of(x)` for the function `where` that the user called. */
function positionOf(where: string, x: Tensor, options: ArgmaxOptions | undefined, of: (x: Tensor) => Tensor): Tensor {
  const { axis, keepDims } = readOptions(where, argmaxOptions, options === undefined ? {} : options, 'x');
  const flat = axis === undefined ? reshape(x, [x.size]) : x;
  const at = normalizeAxis(where, axis ?? 0, flat.shape);
  const length = flat.shape[at] as number;
  if (length === 0) throw emptyReduction(where, x);
  const run = [sizeOf(flat.shape.slice(0, at)), length, sizeOf(flat.shape.slice(at + 1))] as const;
  const shape = axis === undefined && keepDims ? x.shape.map(() => 1) : reducedShape(flat.shape, [at], keepDims);
  return compute(where, [of(flat)], shape, (backend, [value]) => backend.argmax(value, run));
}
