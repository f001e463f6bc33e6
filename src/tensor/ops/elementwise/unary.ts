import type { Unary } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import { apply, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';

/** An elementwise function of one tensor: a kernel, and its vjp from the cotangent, the input and the output. */
export function unary(name: Unary, vjp: (g: Tensor, x: Tensor, y: Tensor) => Tensor): (x: Tensor) => Tensor {
  const op: Primitive<[x: Tensor]> = {
    name,
    kernel: (backend, [x]) => backend.unary(name, x),
    vjp: (g, [x], { output }) => [() => vjp(g, x, output)],
  };
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    checkFloat(name, x);
    return apply(op, [x], undefined, x.shape);
  };
}
