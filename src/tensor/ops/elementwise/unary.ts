import type { Backend, Storage, Unary } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import { apply, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import type { Value } from '../../value';

/** The cotangent of the input, from that of the output, the input and the output. */
export type UnaryVjp = (g: Tensor, x: Tensor, y: Tensor) => Tensor;

/** An elementwise function of one tensor: a kernel, and its vjp. */
export function unary(name: Unary, vjp: UnaryVjp): (x: Tensor) => Tensor {
  return ofOne(name, (backend, x) => backend.unary(name, x), vjp);
}

/** The same with any kernel that makes one element of each. */
export function ofOne(
  name: string,
  kernel: (backend: Backend, x: Value) => Storage,
  vjp: UnaryVjp,
): (x: Tensor) => Tensor {
  const op: Primitive<[x: Tensor]> = {
    name,
    kernel: (backend, [x]) => kernel(backend, x),
    vjp: (g, [x], { output }) => [() => vjp(g, x, output)],
  };
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    checkFloat(name, x);
    return apply(op, [x], undefined, x.shape);
  };
}
