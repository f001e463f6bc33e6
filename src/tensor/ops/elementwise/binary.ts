import type { Binary, ElementFunction } from '../../../backend/contract';
import type { OptionError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { broadcastShapes } from '../../../base/shape';
import { notATensor } from '../../kinds';
import { apply, checkFloat, compute, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { isTensor } from '../../tree';
import { Value } from '../../value';
import { fromArray, full } from '../create';
import { sumTo } from '../reductions/sum-to';

/** A number is a valid operand wherever a scalar tensor would be. */
export type Operand = Tensor | number;

export interface BinaryVjp {
  /** Cotangent of a, before broadcast axes are summed back. */
  a(g: Tensor, a: Tensor, b: Operand, y: Tensor): Tensor;
  b(g: Tensor, a: Operand, b: Tensor, y: Tensor): Tensor;
}

/**
 * An elementwise function of two operands under NumPy's broadcasting, with one vjp per operand. `ints` is what it does to
 * int32 tensors, where it takes them.
 */
export function binary(name: Binary, vjp: BinaryVjp, ints?: ElementFunction): (a: Operand, b: Operand) => Tensor {
  const both: Primitive<[a: Tensor, b: Tensor]> = {
    name,
    kernel: (backend, [a, b], _, shape) => backend.binary(name, a, b, shape),
    vjp: (g, [a, b], { output }) => [
      () => sumTo(vjp.a(g, a, b, output), a.shape),
      () => sumTo(vjp.b(g, a, b, output), b.shape),
    ],
  };
  const numberRight: Primitive<[a: Tensor], number> = {
    name,
    kernel: (backend, [a], b, shape) => backend.binary(name, a, b, shape),
    vjp: (g, [a], { output, attributes: b }) => [() => vjp.a(g, a, b, output)],
  };
  const numberLeft: Primitive<[b: Tensor], number> = {
    name,
    kernel: (backend, [b], a, shape) => backend.binary(name, a, b, shape),
    vjp: (g, [b], { output, attributes: a }) => [() => vjp.b(g, a, b, output)],
  };
  return function (a, b) {
    if (arguments.length > 2) refuseExtra(name, arguments, 2);
    if (ints !== undefined && isInt(a) && isInt(b) && (isTensor(a) || isTensor(b))) return ofInts(name, ints, a, b);
    if (typeof a === 'number') {
      if (isTensor(b)) return applyTo(numberLeft, b, a);
      if (typeof b === 'number') return applyTo(numberRight, full([], a), b);
      throw notAnOperand(name, b);
    }
    if (typeof b === 'number') return applyTo(numberRight, a, b);
    checkOperand(name, a);
    checkOperand(name, b);
    return apply(both, [a, b], undefined, broadcastShapes(name, a.shape, b.shape));
  };
}

/** An int32 tensor, or a number that one can hold. */
function isInt(x: Operand): boolean {
  return typeof x === 'number' ? x === (x | 0) : x?.value instanceof Value && x.value.dtype === 'int32';
}

function ofInts(name: string, f: ElementFunction, ...operands: readonly [Operand, Operand]): Tensor {
  const [a, b] = operands.map((x) => (isTensor(x) ? x : fromArray(Int32Array.of(x), []))) as [Tensor, Tensor];
  const shape = broadcastShapes(name, a.shape, b.shape);
  return compute(name, [a, b], shape, (backend, [p, q]) => backend.map(f, [p, q], shape));
}

/** A float32 tensor, seen with one look where it is right; `apply` sees whether it is alive. */
function checkOperand(where: string, x: Tensor): void {
  const { value } = x ?? {};
  if (value instanceof Value && value.dtype === 'float32') return;
  if (!isTensor(x)) throw notAnOperand(where, x);
  checkFloat(where, x);
}

/** The error of an operand that is neither a tensor nor a number. */
export function notAnOperand(where: string, value: unknown): OptionError {
  return notATensor(where, value, ' or a number');
}

function applyTo(op: Primitive<[x: Tensor], number>, x: Tensor, number: number): Tensor {
  checkFloat(op.name, x);
  return apply(op, [x], number, x.shape);
}
