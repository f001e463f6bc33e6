import { boolean, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis } from '../../../base/shape';
import { checkFloat } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { flip } from '../movement/flip';
import { gather } from '../movement/gather';
import { transpose } from '../movement/transpose';
import { topK } from './top-k';

const sortOptions = {
  /** The axis, negative ones counted from the back (default −1, the last). */
  axis: optional(axisKind, -1),
  /** Largest first (default false: smallest first). */
  descending: optional(boolean, false),
};

/** Along which axis, and in which direction. */
export interface SortOptions extends OptionsOf<typeof sortOptions> {}

/** The elements in order, and where they were. */
export interface Sorted {
  /** In the shape of what was sorted. */
  readonly values: Tensor;
  /** int32, of the same shape: positions along the axis. */
  readonly indices: Tensor;
}

/**
 * The elements in order along an axis. Equal ones stay in the order they had, in either direction. NaN counts as largest,
 * as in NumPy and PyTorch: it is last, and first where `descending`. Derivatives pass through the values to the elements
 * that they were. Cost: n·log n comparisons for each n.
 * @throws ShapeError `axis/range`
 * @see topK, which stops after the k largest
 * @example
 * const { values, indices } = sort(tensor([3, 1, 2]));
 * console.log(await values.array(), await indices.array()); // prints [ 1, 2, 3 ] [ 1, 2, 0 ]
 */
export function sort(x: Tensor, options?: SortOptions): Sorted {
  if (arguments.length > 2) refuseExtra('sort', arguments, 2);
  return sorted('sort', x, options);
}

/**
 * The `indices` of `sort`, int32 in the shape of x. No derivative.
 * @throws ShapeError `axis/range`
 */
export function argsort(x: Tensor, options?: SortOptions): Tensor {
  if (arguments.length > 2) refuseExtra('argsort', arguments, 2);
  return sorted('argsort', x, options).indices;
}

function sorted(where: string, x: Tensor, options: SortOptions | undefined): Sorted {
  checkFloat(where, x);
  const { axis, descending } = readOptions(where, sortOptions, options === undefined ? {} : options, 'x');
  const at = normalizeAxis(where, axis, x.shape);
  const n = x.shape[at] as number;
  // The axis and the last one change places, and back.
  const order = [...x.shape.keys()].with(at, x.ndim - 1).with(-1, at);
  const swap = (t: Tensor): Tensor => (at === x.ndim - 1 ? t : transpose(t, order));
  return runInScope(where, () => {
    if (descending) {
      const { values, indices } = topK(swap(x), n);
      return { values: swap(values), indices: swap(indices) };
    }
    // Read backwards, the largest of the reversed row are the smallest of the row, and equal ones are in order again.
    const { values, indices } = topK(flip(swap(x), -1), n);
    const fromFront = fromArray(
      Int32Array.from({ length: n }, (_, i) => n - 1 - i),
      [n],
    );
    return { values: swap(flip(values, -1)), indices: swap(gather(fromFront, flip(indices, -1))) };
  });
}
