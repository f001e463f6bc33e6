import type { Activation } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';

/** The formulas of an elementwise function: its value, and the cotangent of x. */
interface Formulas {
  forward(x: Tensor): Tensor;
  vjp(g: Tensor, x: Tensor): Tensor;
}

/** An elementwise function of one tensor that a backend may have kernels for. */
export function activation(name: Activation, { forward, vjp }: Formulas): (x: Tensor) => Tensor {
  const op: Composite<[x: Tensor]> = {
    name,
    forward: ([x]) => forward(x),
    vjp: (g, [x]) => [() => vjp(g, x)],
    kernel: (backend, [x]) => backend.activation?.(name, x),
    vjpKernel: (backend, g, [x]) => backend.activationGrad?.(name, g, x),
  };
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    checkFloat(name, x);
    return apply(op, [x], undefined, x.shape);
  };
}
