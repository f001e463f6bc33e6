import { checkArgument, listOf, refuseExtra, whole } from '../../../base/options';
import { checkShape, type Shape } from '../../../base/shape';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { broadcastTo } from './broadcast-to';
import { reshape } from './reshape';

const timesKind = listOf(whole({ low: 0 }));

/**
 * All of x, `repeats[i]` times along axis i, for either dtype. As in NumPy both are aligned at the last axis: where x has
 * fewer axes it gets leading ones of extent 1, and where `repeats` has fewer the leading axes stay as they are.
 * Shapes: x [a, b], repeats [m, n] → [m·a, n·b].
 * @see repeat, which repeats each element in its place
 * @example
 * console.log(await tile(tensor([1, 2]), [2, 2]).array()); // prints [ [ 1, 2, 1, 2 ], [ 1, 2, 1, 2 ] ]
 */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra('tile', arguments, 2, 'write tile(x, [2, 3])');
  checkTensor('tile', x);
  checkArgument('tile', 'repeats', timesKind, repeats);
  const ndim = Math.max(x.ndim, repeats.length);
  const aligned = (of: Shape): number[] => [...new Array<number>(ndim - of.length).fill(1), ...of];
  const [extents, times] = [aligned(x.shape), aligned(repeats)];
  const shape = extents.map((extent, axis) => extent * (times[axis] as number));
  checkShape('tile', shape);
  const once = extents.flatMap((extent) => [1, extent]);
  const often = extents.flatMap((extent, axis) => [times[axis] as number, extent]);
  return reshape(broadcastTo(reshape(x, once), often), shape);
}
