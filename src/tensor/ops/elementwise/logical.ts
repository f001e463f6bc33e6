import { refuseExtra } from '../../../base/options';
import { broadcastShapes } from '../../../base/shape';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { equal, greater, greaterEqual } from './compare';

// What is not 0 is true, also NaN. Zeros and ones are enough to compute with: p and q is p > 1 − q, p or q is p ≥ 1 − q.

/**
 * 1 where x is 0 and 0 elsewhere, int32; x is float32 or int32, and NaN counts as true.
 * @example
 * console.log(await logicalNot(tensor([0, 0.5])).array()); // prints [ 1, 0 ]
 */
export function logicalNot(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('logicalNot', arguments, 1);
  checkTensor('logicalNot', x);
  return equal(x, 0);
}

/**
 * 1 where neither a nor b is 0, and 0 elsewhere, int32, with broadcasting; either is float32 or int32, and NaN counts as true.
 * @example
 * console.log(await logicalAnd(tensor([0, 1, 2]), tensor([3, 0, 4])).array()); // prints [ 0, 0, 1 ]
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('logicalAnd', arguments, 2);
  checkPair('logicalAnd', a, b);
  return greater(truth(a), logicalNot(b));
}

/**
 * 1 where a or b is not 0, and 0 elsewhere, int32, with broadcasting; either is float32 or int32, and NaN counts as true.
 * @example
 * console.log(await logicalOr(tensor([0, 1, 0]), tensor([3, 0, 0])).array()); // prints [ 1, 1, 0 ]
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('logicalOr', arguments, 2);
  checkPair('logicalOr', a, b);
  return greaterEqual(truth(a), logicalNot(b));
}

function truth(x: Tensor): Tensor {
  return logicalNot(logicalNot(x));
}

function checkPair(where: string, a: Tensor, b: Tensor): void {
  checkTensor(where, a);
  checkTensor(where, b);
  broadcastShapes(where, a.shape, b.shape);
}
