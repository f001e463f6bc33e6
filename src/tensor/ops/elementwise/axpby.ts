import { ShapeError } from '../../../base/errors';
import { sameShape, show } from '../../../base/shape';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from './add';
import { mul } from './mul';

const op: Composite<[x: Tensor, y: Tensor], readonly [number, number]> = {
  name: 'axpby',
  forward: ([x, y], [alpha, beta]) => add(mul(alpha, x), mul(beta, y)),
  vjp: (g, _, { attributes: [alpha, beta] }) => [() => mul(g, alpha), () => mul(g, beta)],
  kernel: (backend, [x, y], [alpha, beta]) => backend.axpby?.(alpha, x, beta, y),
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
