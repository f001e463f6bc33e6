import { ShapeError } from '../../../base/errors';
import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { rsqrt } from '../elementwise/rsqrt';
import { square } from '../elementwise/square';
import { sub } from '../elementwise/sub';
import { rowMean } from '../reductions/sum';
import { sumTo } from '../reductions/sum-to';

const op: Composite<[x: Tensor, weight?: Tensor], number> = {
  name: 'rmsNorm',
  // y = x̂ ⊙ weight
  forward([x, weight], epsilon) {
    const normal = mul(x, inverseRms(x, epsilon));
    return weight ? mul(normal, weight) : normal;
  },
  // With h = g ⊙ weight: dx = (h − x̂ ⊙ mean(h ⊙ x̂))/√(mean(x²) + ε), dweight = Σ g ⊙ x̂ over the rows
  vjp(g, [x, weight], { attributes: epsilon }) {
    const inverse = inverseRms(x, epsilon);
    const normal = mul(x, inverse);
    const h = weight ? mul(g, weight) : g;
    return [
      () => mul(inverse, sub(h, mul(normal, rowMean(mul(h, normal))))),
      () => sumTo(mul(g, normal), x.shape.slice(-1)),
    ];
  },
  kernel: (backend, [x, weight = null], epsilon) => backend.rmsNorm?.(x, weight, epsilon),
  vjpKernel: (backend, g, [x, weight = null], { attributes: epsilon }) => backend.rmsNormGrad?.(g, x, weight, epsilon),
};

/** 1/√(mean(x²) + ε) of each row; x̂ is x times it. */
function inverseRms(x: Tensor, epsilon: number): Tensor {
  return rsqrt(add(rowMean(square(x)), epsilon));
}

const rmsNormOptions = {
  /** ε, added to the mean square (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
};

/** What keeps the root away from 0. */
export interface RmsNormOptions extends OptionsOf<typeof rmsNormOptions> {}

/**
 * Each row of the last axis divided by √(mean(x²) + epsilon), then times weight: a layer norm that leaves the mean.
 * Shapes: x [..., n], weight [n] → [..., n]. `epsilon`: default 1e-6.
 * @throws ShapeError `rms-norm/shapes`
 * @see Zhang and Sennrich, "Root mean square layer normalization", arXiv 1910.07467, eq. 4.
 */
export function rmsNorm(x: Tensor, weight?: Tensor, options?: RmsNormOptions): Tensor {
  if (arguments.length > 3) refuseExtra('rmsNorm', arguments, 3);
  checkFloat('rmsNorm', x);
  if (weight !== undefined) checkFloat('rmsNorm', weight);
  const epsilon = options === undefined ? 1e-6 : readOptions('rmsNorm', rmsNormOptions, options, 'x, weight').epsilon;
  const row = x.shape.slice(-1);
  if (x.ndim === 0 || (weight && !sameShape(weight.shape, row))) {
    throw new ShapeError({
      code: 'rms-norm/shapes',
      got: `rmsNorm got x ${show(x.shape)} and weight ${weight ? show(weight.shape) : 'none'}`,
      expected: `at least one axis, and a weight ${show(row)}`,
      fix: 'make the weight of the last extent of x',
    });
  }
  return apply(op, weight ? [x, weight] : [x], epsilon, x.shape);
}
