import type { ElementFunction } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import { broadcastShapes } from '../../../base/shape';
import { apply, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { isTensor } from '../../tree';
import { full } from '../create';
import { sumTo } from '../reductions/sum-to';
import type { BinaryVjp, Operand } from './binary';
import { checkOperand } from './compare';
import { ofOne, type UnaryVjp } from './unary';

// Rare functions of elements, which bring their loop's body along instead of having a kernel in every binary.

/** An elementwise function of one tensor, and its vjp. */
export function map(f: ElementFunction, vjp: UnaryVjp): (x: Tensor) => Tensor {
  return ofOne(f.name, (backend, x) => backend.map(f, [x], x.shape), vjp);
}

/** An elementwise function of two operands under NumPy's broadcasting, with one vjp per operand. */
export function mapPairs(f: ElementFunction, vjp: BinaryVjp): (a: Operand, b: Operand) => Tensor {
  const { name } = f;
  const op: Primitive<[a: Tensor, b: Tensor]> = {
    name,
    kernel: (backend, operands, _, shape) => backend.map(f, operands, shape),
    vjp: (g, [a, b], { output }) => [
      () => sumTo(vjp.a(g, a, b, output), a.shape),
      () => sumTo(vjp.b(g, a, b, output), b.shape),
    ],
  };
  return function (a, b) {
    if (arguments.length > 2) refuseExtra(name, arguments, 2);
    checkOperand(name, a);
    checkOperand(name, b);
    const [p, q] = [isTensor(a) ? a : full([], a), isTensor(b) ? b : full([], b)];
    checkFloat(name, p, q);
    return apply(op, [p, q], undefined, broadcastShapes(name, p.shape, q.shape));
  };
}
