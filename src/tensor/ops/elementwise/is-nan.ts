import { refuseExtra } from '../../../base/options';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { notEqual } from './not-equal';

/**
 * 1 where x is NaN and 0 elsewhere, int32; an int32 x has none.
 * @example
 * console.log(await isNaN(tensor([1, NaN])).array()); // prints [ 0, 1 ]
 */
export function isNotANumber(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('isNaN', arguments, 1);
  checkTensor('isNaN', x);
  return notEqual(x, x);
}
