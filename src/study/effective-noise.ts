import { checkArgument, type OptionsOf, readOptions, refuseExtra, required, whole } from '../base/options';
import type { Tensor } from '../tensor/tensor';
import { inner } from './round-trip';
import { matrixKind } from './update-spectrum';

const effectiveNoiseOptions = {
  /** r, the rows of A. */
  rank: required(whole({ low: 1 })),
};

/** What a gradient is read through. */
export interface EffectiveNoiseOptions extends OptionsOf<typeof effectiveNoiseOptions> {}

/**
 * The noise that a frozen random A [r, m] puts on each row of a gradient G [n, m]: ‖g‖/√r for the row g. With independent
 * entries N(0, 1/r) in A, the row that comes back is AᵀA·g = g + e with
 *
 *     E[e] = 0      E[e·eᵀ] = (‖g‖²·I + g·gᵀ)/r
 *
 * so that ‖g‖/√r is the standard deviation of e along every direction orthogonal to g, and √2 times as much along g.
 *
 * This is no privacy guarantee: the noise is proportional to the gradient, so that it hides no change of its length, and one
 * A is shared by all rows and all examples, so that their noises are not independent and differences of rows show in both.
 * @throws OptionError `options/…`
 * @see arXiv 2409.17538, which reads it as the noise of differential privacy, and arXiv 2601.21719, a result against that
 *   for matrices. The covariance is that of the fourth moments of A.
 * @example
 * console.log(await effectiveNoise(tensor([[3, 4], [0, 0]]), { rank: 4 })); // prints [ 2.5, 0 ]
 */
export async function effectiveNoise(gradient: Tensor, options: EffectiveNoiseOptions): Promise<readonly number[]> {
  if (arguments.length > 2) refuseExtra('effectiveNoise', arguments, 2);
  checkArgument('effectiveNoise', 'gradient', matrixKind, gradient);
  const { rank } = readOptions('effectiveNoise', effectiveNoiseOptions, options, 'gradient');
  const [n, m] = gradient.shape as readonly [number, number];
  const values = await gradient.data();
  return Array.from({ length: n }, (_, row) => {
    const g = values.subarray(row * m, (row + 1) * m);
    return Math.sqrt(inner(g, g) / rank);
  });
}
