import { ShapeError } from '../../../base/errors';
import { sameShape, show } from '../../../base/shape';
import { apply, checkFloat, type Op } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from './mul';

const op: Op<2, readonly [number, number]> = {
  name: 'axpby',
  forward: (backend, [x, y], [alpha, beta]) => backend.axpby(alpha, x, beta, y),
  vjp: (g, _, { attributes: [alpha, beta] }) => [() => mul(g, alpha), () => mul(g, beta)],
};

/**
 * alpha·x + beta·y in one pass, for tensors of one shape: the arithmetic of every moving average.
 * @throws ShapeError `axpby/shapes`
 */
export function axpby(alpha: number, x: Tensor, beta: number, y: Tensor): Tensor {
  checkFloat('axpby', x, y);
  if (!sameShape(x.shape, y.shape)) {
    throw new ShapeError({
      code: 'axpby/shapes',
      got: `axpby got x ${show(x.shape)} and y ${show(y.shape)}`,
      expected: 'equal shapes',
      fix: 'check that a state belongs to this parameter',
    });
  }
  return apply(op, [x, y], [alpha, beta], x.shape);
}
