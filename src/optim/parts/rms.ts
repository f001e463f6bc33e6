import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import type { Tensor } from '../../tensor/tensor';

/** Root of the mean square of all elements. Shapes: any → []. */
export function rms(x: Tensor): Tensor {
  return sqrt(mul(sumSquares(x), 1 / x.size));
}
