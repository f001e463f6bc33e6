import { refuseExtra } from '../../../base/options';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { equal, greater } from '../elementwise/compare';
import { where } from '../elementwise/where';
import { type ReduceOptions, reducedOver, reduceRuns } from './reduce';
import { sumRun } from './sum';

/**
 * int32 1 where at least one element over axes is not 0 (NaN is not), 0 elsewhere and for nothing at all. For either
 * dtype. No derivative.
 * @example
 * console.log(await any(greater(tensor([1, 5]), 4)).item()); // prints 1
 */
export function any(x: Tensor, options?: ReduceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('any', arguments, 2);
  checkTensor('any', x);
  const over = reducedOver('any', x, options);
  return greater(reduceRuns(where(equal(x, 0), 0, 1), over, sumRun), 0); // a sum that may be rounded, but not to 0
}

/**
 * int32 1 where no element over axes is 0, also for nothing at all, and 0 elsewhere. For either dtype. No derivative.
 * @example
 * console.log(await all(greater(tensor([1, 5]), 4)).item()); // prints 0
 */
export function all(x: Tensor, options?: ReduceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('all', arguments, 2);
  checkTensor('all', x);
  const over = reducedOver('all', x, options);
  return equal(reduceRuns(where(equal(x, 0), 1, 0), over, sumRun), 0);
}
