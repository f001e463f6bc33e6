import { ShapeError } from '../../../base/errors';
import { checkArgument, kindOf, refuseExtra } from '../../../base/options';
import { normalizeAxis, show, stridesOf } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';

const op: Primitive<[x: Tensor], readonly number[]> = {
  name: 'transpose',
  kernel(backend, [x], axes, shape) {
    const strides = stridesOf(x.shape);
    return backend.strided(
      x,
      shape,
      axes.map((axis) => strides[axis] as number),
      0,
    );
  },
  vjp: (g, _, { attributes: axes }) => [() => transpose(g, inverse(axes))],
};

const axesKind = kindOf<readonly number[]>('an array of axes', Array.isArray);

/**
 * Reorder the axes: axis i of the result is axis `axes[i]` of x. Without `axes` the last two are swapped.
 * @throws ShapeError `transpose/axes`
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra('transpose', arguments, 2, 'write transpose(x, [1, 0])');
  checkTensor('transpose', x);
  if (axes !== undefined) checkArgument('transpose', 'axes', axesKind, axes);
  const order = Array.from(axes ?? swapLastTwo(x), (axis) => normalizeAxis('transpose', axis, x.shape));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new ShapeError({
      code: 'transpose/axes',
      got: `transpose got ${show(x.shape)} and the axes ${show(order)}`,
      expected: `each of its ${x.ndim} axes once`,
      fix: 'pass a permutation such as [0, 2, 1]',
    });
  }
  return apply(
    op,
    [x],
    order,
    order.map((axis) => x.shape[axis] as number),
  );
}

function swapLastTwo(x: Tensor): number[] {
  const axes = x.shape.map((_, axis) => axis);
  return x.ndim < 2 ? axes : [...axes.slice(0, -2), x.ndim - 1, x.ndim - 2];
}

function inverse(axes: readonly number[]): number[] {
  const back = new Array<number>(axes.length);
  axes.forEach((axis, i) => {
    back[axis] = i;
  });
  return back;
}
