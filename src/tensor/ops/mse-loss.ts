import type { Tensor } from '../tensor';
import { square } from './square';
import { sub } from './sub';
import { mean } from './sum';

/** Mean squared difference of two tensors of one shape. */
export function mseLoss(a: Tensor, b: Tensor): Tensor {
  return mean(square(sub(a, b)));
}
