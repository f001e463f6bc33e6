import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from '../elementwise/mul';
import { sub } from '../elementwise/sub';
import { sumSquares } from './sum-squares';

/**
 * Mean squared difference of two tensors of one shape: nothing is repeated, since [n, 1] and [n] would make n·n numbers.
 * @throws ShapeError `mse-loss/shapes`
 */
export function mseLoss(a: Tensor, b: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('mseLoss', arguments, 2);
  checkFloat('mseLoss', a, b);
  if (!sameShape(a.shape, b.shape)) {
    throw new ShapeError({
      code: 'mse-loss/shapes',
      got: `mseLoss got a ${show(a.shape)} and b ${show(b.shape)}`,
      expected: 'equal shapes',
      fix: `reshape one of them, for example b.reshape(${show(a.shape)})`,
    });
  }
  const difference = sub(a, b);
  return mul(sumSquares(difference), 1 / difference.size);
}
