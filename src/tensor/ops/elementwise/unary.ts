import type { Unary } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import { apply, checkFloat, type Op } from '../../op';
import type { Tensor } from '../../tensor';

/** An elementwise function of one tensor: a kernel, and its vjp from the cotangent, the input and the output. */
export function unary(
  name: Unary,
  vjp: (g: Tensor, x: Tensor, y: Tensor) => Tensor,
  composed?: (x: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  const op: Op<1> = {
    name,
    forward: (backend, [x]) => backend.unary(name, x),
    vjp: (g, [x], { output }) => [() => vjp(g, x, output)],
    ...(composed && { composed: ([x]: readonly [Tensor]) => composed(x) }),
  };
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    checkFloat(name, x);
    return apply(op, [x], undefined, x.shape);
  };
}
