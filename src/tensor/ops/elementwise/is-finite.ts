import { refuseExtra } from '../../../base/options';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { greater, less } from './compare';
import { logicalAnd } from './logical';

/**
 * 1 where x is neither infinite nor NaN and 0 elsewhere, int32; an int32 x is finite.
 * @example
 * console.log(await isFinite(tensor([1, Infinity])).array()); // prints [ 1, 0 ]
 */
export function isFiniteNumber(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('isFinite', arguments, 1);
  checkTensor('isFinite', x);
  return logicalAnd(less(x, Number.POSITIVE_INFINITY), greater(x, Number.NEGATIVE_INFINITY));
}
