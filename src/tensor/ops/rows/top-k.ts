import { ShapeError } from '../../../base/errors';
import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkFloat, computeAll } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { gather } from '../movement/gather';
import { reshape } from '../movement/reshape';

/** The largest elements of each row, and where they are. */
export interface TopK {
  /** [..., k], largest first. */
  readonly values: Tensor;
  /** int32 [..., k], positions in the row. */
  readonly indices: Tensor;
}

/**
 * The k largest elements along the last axis, largest first. Of equals the lower index comes first, and NaN counts as
 * largest. A derivative passes through the values to the elements that were chosen. Cost: n·log k comparisons a row.
 * Shapes: x [..., n] → values [..., k], indices int32 [..., k].
 * @throws ShapeError `top-k/ndim`
 * @throws OptionError `options/range` unless 0 ≤ k ≤ n
 */
export function topK(x: Tensor, k: number): TopK {
  if (arguments.length > 2) refuseExtra('topK', arguments, 2);
  checkFloat('topK', x);
  if (x.ndim === 0) {
    throw new ShapeError({
      code: 'top-k/ndim',
      got: `topK got a tensor ${show(x.shape)}`,
      expected: 'at least one axis to choose from',
      fix: 'reshape it to [1]',
    });
  }
  checkArgument('topK', 'k', whole({ low: 0, high: x.shape.at(-1) as number }), k);
  const shape = [...x.shape.slice(0, -1), k];
  return runInScope('topK', () => {
    const [indices, positions] = computeAll('topK', [x], [shape, shape], (backend, [value]) =>
      backend.topK(value as NonNullable<typeof value>, k),
    ) as [Tensor, Tensor];
    return { values: gather(reshape(x, [x.size]), positions), indices };
  });
}
