import type { Tensor } from '../tensor';
import { mul } from './mul';
import { sub } from './sub';
import { sumSquares } from './sum-squares';

/** Mean squared difference of two tensors of one shape. */
export function mseLoss(a: Tensor, b: Tensor): Tensor {
  const difference = sub(a, b);
  return mul(sumSquares(difference), 1 / difference.size);
}
