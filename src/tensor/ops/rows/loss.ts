import { ShapeError } from '../../../base/errors';
import { sameShape, show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';

/** Two float32 tensors of one shape: a loss repeats nothing, since [n, 1] and [n] would make n·n numbers. @throws ShapeError `loss/shapes` */
export function checkPair(where: string, a: Tensor, b: Tensor): void {
  checkFloat(where, a, b);
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError({
    code: 'loss/shapes',
    got: `${where} got tensors ${show(a.shape)} and ${show(b.shape)}`,
    expected: 'equal shapes',
    fix: `reshape one of them, for example b.reshape(${show(a.shape)})`,
  });
}
