import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { axisKind, checkShape, normalizeAxis } from '../../../base/shape';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { broadcastTo } from './broadcast-to';
import { reshape, unsqueeze } from './reshape';

const timesKind = whole({ low: 0 });

/**
 * Each element `n` times along an axis, side by side, for either dtype: NumPy's and JAX's `repeat`, PyTorch's
 * `repeat_interleave`. PyTorch's own `repeat` is `tile`.
 * Shapes: x [a, b], axis 0 → [n·a, b].
 * @throws ShapeError `axis/range`
 * @see tile, which repeats x as a whole
 * @example
 * console.log(await repeat(tensor([1, 2]), 2, 0).array()); // prints [ 1, 1, 2, 2 ]
 */
export function repeat(x: Tensor, n: number, axis: number): Tensor {
  if (arguments.length > 3) refuseExtra('repeat', arguments, 3);
  checkTensor('repeat', x);
  checkArgument('repeat', 'n', timesKind, n);
  checkArgument('repeat', 'axis', axisKind, axis);
  const { shape } = x;
  const at = normalizeAxis('repeat', axis, shape);
  const longer = shape.with(at, (shape[at] as number) * n);
  checkShape('repeat', longer);
  return reshape(broadcastTo(unsqueeze(x, at + 1), shape.toSpliced(at + 1, 0, n)), longer);
}
