import type { Binary } from '../../backend/backend';
import { broadcastShapes } from '../../base/shape';
import { apply, checkFloat, type Op } from '../op';
import type { Tensor } from '../tensor';
import { isTensor } from '../tree';
import { full } from './create';
import { sumTo } from './sum-to';

/** A number is a valid operand wherever a scalar tensor would be. */
export type Operand = Tensor | number;

export interface BinaryVjp {
  /** Cotangent of a, before broadcast axes are summed back. */
  a(g: Tensor, a: Tensor, b: Operand, y: Tensor): Tensor;
  b(g: Tensor, a: Operand, b: Tensor, y: Tensor): Tensor;
}

/** An elementwise function of two operands under NumPy's broadcasting, with one vjp per operand. */
export function binary(name: Binary, vjp: BinaryVjp): (a: Operand, b: Operand) => Tensor {
  const both: Op<2> = {
    name,
    forward: (backend, [a, b], _, shape) => backend.binary(name, a, b, shape),
    vjp: (g, [a, b], { output }) => [
      () => sumTo(vjp.a(g, a, b, output), a.shape),
      () => sumTo(vjp.b(g, a, b, output), b.shape),
    ],
  };
  const numberRight: Op<1, number> = {
    name,
    forward: (backend, [a], b, shape) => backend.binary(name, a, b, shape),
    vjp: (g, [a], { output, attributes: b }) => [() => vjp.a(g, a, b, output)],
  };
  const numberLeft: Op<1, number> = {
    name,
    forward: (backend, [b], a, shape) => backend.binary(name, a, b, shape),
    vjp: (g, [b], { output, attributes: a }) => [() => vjp.b(g, a, b, output)],
  };
  return (a, b) => {
    if (!isTensor(a)) return isTensor(b) ? applyTo(numberLeft, b, a) : applyTo(numberRight, full([], a), b);
    if (!isTensor(b)) return applyTo(numberRight, a, b);
    checkFloat(name, a, b);
    return apply(both, [a, b], undefined, broadcastShapes(name, a.shape, b.shape));
  };
}

function applyTo(op: Op<1, number>, x: Tensor, number: number): Tensor {
  checkFloat(op.name, x);
  return apply(op, [x], number, x.shape);
}
