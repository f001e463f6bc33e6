import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { broadcastShapes, broadcastStrides, checkShape, type Shape, sameShape, show } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { sumTo } from '../reductions/sum-to';

const op: Primitive<[x: Tensor]> = {
  name: 'broadcastTo',
  kernel: (backend, [x], _, shape) => backend.strided(x, shape, broadcastStrides(x.shape, shape), 0),
  vjp: (g, [x]) => [() => sumTo(g, x.shape)],
};

/**
 * x repeated along axes of extent 1 and along new leading axes.
 * @throws ShapeError `broadcast/target`
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (arguments.length > 2) refuseExtra('broadcastTo', arguments, 2);
  checkTensor('broadcastTo', x);
  checkShape('broadcastTo', shape);
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
