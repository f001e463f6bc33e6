import { checkArgument, refuseExtra } from '../../../base/options';
import { stridesOf } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { axesKind, axesOf } from '../reductions/reduce';

const op: Primitive<[x: Tensor], readonly number[]> = {
  name: 'flip',
  // Read from the last element of each of these axes, backwards.
  kernel(backend, [x], axes, shape) {
    const strides = stridesOf(shape);
    const last = axes.reduce((sum, axis) => sum + ((shape[axis] as number) - 1) * (strides[axis] as number), 0);
    const steps = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
    return backend.strided(x, shape, steps, last);
  },
  vjp: (g, _, { attributes: axes }) => [() => apply(op, [g], axes, g.shape)],
};

/**
 * The elements in reverse order along one axis or several, for either dtype.
 * @throws ShapeError `axis/range`
 * @example
 * console.log(await flip(tensor([[1, 2], [3, 4]]), 1).array()); // prints [ [ 2, 1 ], [ 4, 3 ] ]
 */
export function flip(x: Tensor, axis: number | readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra('flip', arguments, 2, 'write flip(x, [0, 1]) for several axes');
  checkTensor('flip', x);
  checkArgument('flip', 'axis', axesKind, axis);
  return apply(op, [x], axesOf('flip', x, axis), x.shape);
}
