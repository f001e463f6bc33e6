import { refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { div } from './div';

/**
 * 1/x, elementwise; ±infinity at ±0.
 * @example
 * console.log(await reciprocal(tensor([2, -4, 0])).array()); // prints [ 0.5, -0.25, Infinity ]
 */
export function reciprocal(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('reciprocal', arguments, 1);
  checkFloat('reciprocal', x);
  return div(1, x);
}
