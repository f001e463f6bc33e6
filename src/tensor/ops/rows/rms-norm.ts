import { ShapeError } from '../../../base/errors';
import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { apply, checkFloat, computeAll, type Op } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { rsqrt } from '../elementwise/rsqrt';
import { square } from '../elementwise/square';
import { mean } from '../reductions/sum';

/** Inputs: x, then the weight if given. */
const op: Op<number, number> = {
  name: 'rmsNorm',
  forward: (backend, [x, weight], epsilon) => backend.rmsNorm(x as NonNullable<typeof x>, weight ?? null, epsilon),
  vjp(g, inputs, { attributes: epsilon }) {
    const [x] = inputs as readonly [Tensor, Tensor?];
    let both: Tensor[] | undefined;
    const gradients = (): Tensor[] => {
      both ??= computeAll('rmsNorm vjp', [g, ...inputs], [x.shape, x.shape.slice(-1)], (backend, values) => {
        const [cotangent, input, scale] = values as readonly [typeof g.value, typeof g.value, typeof g.value?];
        return backend.rmsNormGrad(cotangent, input, scale ?? null, epsilon);
      });
      return both;
    };
    return inputs.map((_, i) => () => gradients()[i] as Tensor);
  },
  composed(inputs, epsilon) {
    const [x, weight] = inputs as readonly [Tensor, Tensor?];
    const normal = mul(x, rsqrt(add(mean(square(x), { axis: -1, keepDims: true }), epsilon)));
    return weight ? mul(normal, weight) : normal;
  },
};

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
  const inputs = [x, ...(weight !== undefined ? [weight] : [])];
  checkFloat('rmsNorm', ...inputs);
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
  return apply(op, inputs, epsilon, x.shape);
}
