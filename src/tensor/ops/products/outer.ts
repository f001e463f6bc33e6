import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from '../elementwise/mul';
import { unsqueeze } from '../movement/reshape';

/**
 * The product of each element of a with each of b: a·bᵀ.
 * Shapes: a [n], b [m] → [n, m].
 * @throws ShapeError `outer/ndim`
 * @example
 * console.log(await outer(tensor([1, 2]), tensor([3, 4])).array()); // prints [ [ 3, 4 ], [ 6, 8 ] ]
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('outer', arguments, 2);
  checkFloat('outer', a, b);
  if (a.ndim !== 1 || b.ndim !== 1) {
    throw new ShapeError({
      code: 'outer/ndim',
      got: `outer got a ${show(a.shape)} and b ${show(b.shape)}`,
      expected: 'two vectors',
      fix: 'write x.reshape([-1]) to make a vector of x; mul broadcasts over more axes',
    });
  }
  return mul(unsqueeze(a, 1), b);
}
