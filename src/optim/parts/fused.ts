// The kernels of optimizers as functions of tensors: one pass over each leaf, and no tape sees it, as none sees the rest
// of a transform's `update`.

import type { AdamFactors, Backend, Storage } from '../../backend/contract';
import { ShapeError } from '../../base/errors';
import { type Shape, sameShape, show } from '../../base/shape';
import type { Tuple } from '../../base/tuple';
import { checkFloat, computeAll } from '../../tensor/op';
import type { Tensor } from '../../tensor/tensor';
import type { Value } from '../../tensor/value';

/** A step of Adam: [update, mean, square]. */
export function adamStep(where: string, g: Tensor, mean: Tensor, square: Tensor, factors: AdamFactors) {
  return step<3, 3>(where, 3, [g, mean, square], (backend, [x, m, v]) => backend.adam(x, m, v, factors));
}

/** A step of RMSprop: [update, square]. */
export function rmsStep(where: string, g: Tensor, square: Tensor, beta: number, epsilon: number) {
  return step<2, 2>(where, 2, [g, square], (backend, [x, v]) => backend.rms(x, v, beta, epsilon));
}

/** A step of Lion: [update, mean]. */
export function lionStep(where: string, g: Tensor, mean: Tensor, beta1: number, beta2: number) {
  return step<2, 2>(where, 2, [g, mean], (backend, [x, m]) => backend.lion(x, m, beta1, beta2));
}

/** Sums of the squares of rows and of columns. Shapes: g [n, m] → [n], [m]. */
export function squareSums(where: string, g: Tensor): Tuple<2, Tensor> {
  const [n = 0, m = 0] = g.shape;
  return run<1, 2>(where, [g], [[n], [m]], (backend, [x]) => backend.squareSums(x));
}

/** g ⊙ row·columnᵀ. Shapes: g [n, m], row [n], column [m] → [n, m]. */
export function scaleRowsColumns(where: string, g: Tensor, row: Tensor, column: Tensor): Tensor {
  return run<3, 1>(where, [g, row, column], [g.shape], (backend, [x, p, q]) => [backend.scaleRowsColumns(x, p, q)])[0];
}

/**
 * A gradient and its state → as many results of their shape.
 * @throws ShapeError `optimizer/shapes`
 */
function step<N extends number, M extends number>(
  where: string,
  results: M,
  leaves: Tuple<N, Tensor>,
  kernel: (backend: Backend, inputs: Tuple<N, Value>) => Tuple<M, Storage>,
): Tuple<M, Tensor> {
  const { shape } = leaves[0] as Tensor;
  const other = leaves.find((leaf) => !sameShape(leaf.shape, shape));
  if (other) {
    throw new ShapeError({
      code: 'optimizer/shapes',
      got: `${where} got a gradient ${show(shape)} for a state ${show(other.shape)}`,
      expected: 'equal shapes',
      fix: 'call init again with the parameters that the gradients are taken of',
    });
  }
  return run(where, leaves, Array<Shape>(results).fill(shape) as unknown as Tuple<M, Shape>, kernel);
}

/** As `computeAll`, with the numbers of operands and results in the types. */
function run<N extends number, M extends number>(
  where: string,
  inputs: Tuple<N, Tensor>,
  shapes: Tuple<M, Shape>,
  kernel: (backend: Backend, inputs: Tuple<N, Value>) => Tuple<M, Storage>,
): Tuple<M, Tensor> {
  checkFloat(where, ...inputs);
  const results = computeAll(where, inputs, shapes, (backend, values) => kernel(backend, values as Tuple<N, Value>));
  return results as unknown as Tuple<M, Tensor>;
}
