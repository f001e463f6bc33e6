import { refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from './mul';
import { softplus } from './softplus';
import { tanh } from './tanh';

/**
 * x·tanh(softplus(x)), elementwise.
 * @see Misra, "Mish: a self regularized non-monotonic activation function", arXiv 1908.08681.
 */
export function mish(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('mish', arguments, 1);
  checkFloat('mish', x);
  return mul(x, tanh(softplus(x)));
}
