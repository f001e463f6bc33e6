import { ShapeError } from '../../base/errors';
import { broadcastShapes, broadcastStrides, type Shape, sameShape, show } from '../../base/shape';
import { apply, type Op } from '../op';
import type { Tensor } from '../tensor';
import { sumTo } from './sum-to';

const op: Op<1> = {
  name: 'broadcastTo',
  forward: (backend, [x], _, shape) => backend.strided(x, shape, broadcastStrides(x.shape, shape), 0),
  vjp: (g, [x]) => [() => sumTo(g, x.shape)],
};

/**
 * x repeated along axes of extent 1 and along new leading axes.
 * @throws ShapeError `broadcast/target`
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (x.ndim > shape.length || !sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
    throw new ShapeError({
      code: 'broadcast/target',
      got: `broadcastTo got ${show(x.shape)} and the target ${show(shape)}`,
      expected: 'a target that x can be repeated to',
      fix: 'extents of x must be 1 or equal the target, aligned at the last axis',
    });
  }
  return apply(op, [x], undefined, shape);
}
