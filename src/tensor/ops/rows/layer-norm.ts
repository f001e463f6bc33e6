import { ShapeError } from '../../../base/errors';
import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { apply, checkFloat, computeAll, type Op } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { rsqrt } from '../elementwise/rsqrt';
import { square } from '../elementwise/square';
import { sub } from '../elementwise/sub';
import { mean } from '../reductions/sum';

/** Inputs: x, then weight and bias as far as given. */
const op: Op<number, number> = {
  name: 'layerNorm',
  forward: (backend, [x, weight, bias], epsilon) =>
    backend.layerNorm(x as NonNullable<typeof x>, weight ?? null, bias ?? null, epsilon),
  vjp(g, inputs, { attributes: epsilon }) {
    const [x, weight] = inputs as readonly [Tensor, Tensor?];
    const row = x.shape.slice(-1);
    let all: Tensor[] | undefined;
    const gradients = (): Tensor[] => {
      all ??= computeAll('layerNorm vjp', weight ? [g, x, weight] : [g, x], [x.shape, row, row], (backend, values) => {
        const [cotangent, input, scale] = values as readonly [typeof g.value, typeof g.value, typeof g.value?];
        return backend.layerNormGrad(cotangent, input, scale ?? null, epsilon);
      });
      return all;
    };
    return inputs.map((_, i) => () => gradients()[i] as Tensor);
  },
  composed(inputs, epsilon) {
    const [x, weight, bias] = inputs as readonly [Tensor, Tensor?, Tensor?];
    const centered = sub(x, mean(x, { axis: -1, keepDims: true }));
    const spread = mean(square(centered), { axis: -1, keepDims: true });
    const normal = mul(centered, rsqrt(add(spread, epsilon)));
    const scaled = weight ? mul(normal, weight) : normal;
    return bias ? add(scaled, bias) : scaled;
  },
};

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
  const inputs = [x, ...(weight !== undefined ? [weight] : []), ...(bias !== undefined ? [bias] : [])];
  checkFloat('layerNorm', ...inputs);
  const epsilon =
    options === undefined ? 1e-5 : readOptions('layerNorm', layerNormOptions, options, 'x, weight, bias').epsilon;
  const row = x.shape.slice(-1);
  const wrong = inputs.slice(1).find((parameter) => !sameShape(parameter.shape, row));
  if (x.ndim === 0 || wrong || (bias && !weight)) {
    throw new ShapeError({
      code: 'layer-norm/shapes',
      got: `layerNorm got x ${show(x.shape)}, weight ${weight ? show(weight.shape) : 'none'} and bias ${bias ? show(bias.shape) : 'none'}`,
      expected: `weight and bias ${show(row)}, and no bias without a weight`,
      fix: 'make them of the last extent of x',
    });
  }
  return apply(op, inputs, epsilon, x.shape);
}
