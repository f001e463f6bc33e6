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

const op: Composite<[x: Tensor, weight?: Tensor, bias?: Tensor], number> = {
  name: 'layerNorm',
  // y = x̂ ⊙ weight + bias
  forward([x, weight, bias], epsilon) {
    const { normal } = normalized(x, epsilon);
    const scaled = weight ? mul(normal, weight) : normal;
    return bias ? add(scaled, bias) : scaled;
  },
  // With h = g ⊙ weight: dx = (h − mean(h) − x̂ ⊙ mean(h ⊙ x̂))/√(variance + ε), dweight = Σ g ⊙ x̂, dbias = Σ g over rows
  vjp(g, [x, weight], { attributes: epsilon }) {
    const { normal, inverse } = normalized(x, epsilon);
    const h = weight ? mul(g, weight) : g;
    const row = x.shape.slice(-1);
    return [
      () => mul(inverse, sub(sub(h, rowMean(h)), mul(normal, rowMean(mul(h, normal))))),
      () => sumTo(mul(g, normal), row),
      () => sumTo(g, row),
    ];
  },
  kernel: (backend, [x, weight = null, bias = null], epsilon) => backend.layerNorm?.(x, weight, bias, epsilon),
  vjpKernel: (backend, g, [x, weight = null], { attributes: epsilon }) =>
    backend.layerNormGrad?.(g, x, weight, epsilon),
};

/** x̂ = (x − mean)/√(variance + ε) of each row, and the factor 1/√(variance + ε). */
function normalized(x: Tensor, epsilon: number): { normal: Tensor; inverse: Tensor } {
  const centered = sub(x, rowMean(x));
  const inverse = rsqrt(add(rowMean(square(centered)), epsilon));
  return { normal: mul(centered, inverse), inverse };
}

const layerNormOptions = {
  /** ε, added to the variance (default 1e-5). */
  epsilon: optional(number({ low: 0 }), 1e-5),
};

/** What keeps the root away from 0. */
export interface LayerNormOptions extends OptionsOf<typeof layerNormOptions> {}

/**
 * Each row of the last axis to mean 0 and (biased) variance 1, then times weight plus bias.
 * Shapes: x [..., n], weight and bias [n] → [..., n].
 * @throws ShapeError `layer-norm/shapes`
 * @see Ba, Kiros and Hinton, "Layer normalization", arXiv 1607.06450, eq. 3–4.
 */
export function layerNorm(x: Tensor, weight?: Tensor, bias?: Tensor, options?: LayerNormOptions): Tensor {
  if (arguments.length > 4) refuseExtra('layerNorm', arguments, 4);
  checkFloat('layerNorm', x);
  if (weight !== undefined) checkFloat('layerNorm', weight);
  if (bias !== undefined) checkFloat('layerNorm', bias);
  const epsilon =
    options === undefined ? 1e-5 : readOptions('layerNorm', layerNormOptions, options, 'x, weight, bias').epsilon;
  const row = x.shape.slice(-1);
  const fits = (parameter?: Tensor): boolean => !parameter || sameShape(parameter.shape, row);
  if (x.ndim === 0 || !fits(weight) || !fits(bias) || (bias && !weight)) {
    throw new ShapeError({
      code: 'layer-norm/shapes',
      got: `layerNorm got x ${show(x.shape)}, weight ${weight ? show(weight.shape) : 'none'} and bias ${bias ? show(bias.shape) : 'none'}`,
      expected: `weight and bias ${show(row)}, and no bias without a weight`,
      fix: 'make them of the last extent of x',
    });
  }
  return apply(op, !weight ? [x] : bias ? [x, weight, bias] : [x, weight], epsilon, x.shape);
}
