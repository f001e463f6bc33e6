import { checkArgument, refuseExtra } from '../../base/options';
import { type Shape, sizeOf } from '../../base/shape';
import { checkFloat } from '../op';
import { fromArray, zeros } from '../ops/create';
import { stack } from '../ops/movement/concat';
import { reshape } from '../ops/movement/reshape';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { gradientAt } from './grad';
import { ofTensors, pullback } from './vjp';

/**
 * All derivatives of a function of one tensor, ∂f(x)ᵢ/∂xⱼ. f runs once; then there is one backward pass for each element
 * of the value, and the result has as many elements as value and x multiplied: for small functions.
 * Shapes: x [...in], value [...out] → [...out, ...in].
 * @throws ShapeError `derivative/output` when f does not return a float32 tensor
 * @example
 * const J = jacobian((x) => stack([x.sum(), x.square().sum()]))(tensor([1, 2, 3]));
 * console.log(await J.array()); // prints [ [ 1, 1, 1 ], [ 2, 4, 6 ] ]
 */
export function jacobian(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  if (arguments.length > 1) refuseExtra('jacobian', arguments, 1);
  checkArgument('jacobian', 'f', ofTensors, f);
  return function (x) {
    if (arguments.length > 1) refuseExtra('jacobian', arguments, 1);
    return jacobianAt('jacobian', f, x);
  };
}

/**
 * All second derivatives of a scalar function of one tensor, ∂²f/∂xᵢ∂xⱼ: the Jacobian of its gradient, with one pass back
 * through the gradient for each element of x. `hvp` is one row, or any sum of rows, for the price of one pass.
 * Shapes: x [...in] → [...in, ...in].
 * @throws ShapeError `grad/scalar` when f does not return a single number
 * @example
 * const H = hessian((x) => x.square().sum().square())(tensor([1, 2]));
 * console.log(await H.array()); // prints [ [ 28, 16 ], [ 16, 52 ] ]
 */
export function hessian(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  if (arguments.length > 1) refuseExtra('hessian', arguments, 1);
  checkArgument('hessian', 'f', ofTensors, f);
  return function (x) {
    if (arguments.length > 1) refuseExtra('hessian', arguments, 1);
    return jacobianAt('hessian', (y) => gradientAt('hessian', f, y), x);
  };
}

function jacobianAt(where: string, f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  checkFloat(where, x);
  return runInScope(where, () => {
    const { value, pull } = pullback(where, f as (...xs: readonly unknown[]) => Tensor, [x]);
    const rows = Array.from({ length: value.size }, (_, i) => pull(basis(value.shape, i))[0] as Tensor);
    const shape = [...value.shape, ...x.shape];
    return rows.length === 0 ? zeros(shape) : reshape(stack(rows), shape);
  });
}

/** 1 at one position, 0 elsewhere. */
function basis(shape: Shape, i: number): Tensor {
  return fromArray(new Float32Array(sizeOf(shape)).fill(1, i, i + 1), shape);
}
