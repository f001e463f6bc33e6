import {
  boolean,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../../base/options';
import { matrixExtents } from '../../tensor/linalg/checks';
import { inverseRoot } from '../../tensor/linalg/inverse-root';
import { eye } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { sub } from '../../tensor/ops/elementwise/sub';
import { matmul } from '../../tensor/ops/products/matmul';
import { mean } from '../../tensor/ops/reductions/sum';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import type { Tensor } from '../../tensor/tensor';
import { chain } from '../combinators/chain';
import { forMatrices, matricesOptions, ofMatrices } from '../for-matrices';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { rate } from '../schedules';
import { adam } from './adam';

const swanOptions = {
  /** η, or a schedule of it: the root mean square of a matrix's step, if rescaled. */
  learningRate: required(rate),
  /** Newton–Schulz steps of the inverse root (default 25). */
  steps: optional(whole({ low: 0 }), 25),
  /** δ: the Gram matrix that is inverted gets δ·‖gram‖·I added (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
  /** Give the whitened gradient the norm that it had before (default true). */
  rescale: optional(boolean, true),
  /** Decoupled weight decay of the matrices, before the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  ...matricesOptions,
};

/** The options of SWAN. */
export interface SwanOptions extends OptionsOf<typeof swanOptions> {}

/**
 * SWAN: gradient descent with a gradient whose rows have mean 0 and variance 1, and which is then whitened.
 *
 *     X = (G − mean of its row)/deviation of its row        U = (X·Xᵀ + δ·‖X·Xᵀ‖·I)^(−1/2)·X, for n > m on the other side
 *     U ← U·‖X‖/‖U‖ if rescaled                            W ← (1 − η·decay)·W − η·U
 *
 * No state for a matrix [n, m]. Other parameters get `otherwise`, by default `adam({ learningRate })`. Pitfalls: rows
 * without a mean make the Gram matrix singular for n ≥ m, as does a gradient of few tokens, which is why there is δ:
 * in float32 the inverse root diverges without it. Directions that X has not got stay at 0. No code of the authors is
 * public; this follows the paper's text.
 * @throws OptionError `options/…`
 * @throws ShapeError `linalg/not-a-matrix` for a vector that the filter lets through
 * @see Ma et al., "SWAN: SGD with normalization and whitening enables stateless LLM training", arXiv 2412.13148, Algorithm 1.
 */
export function swan(options: SwanOptions) {
  if (arguments.length > 1) refuseExtra('swan', arguments, 1);
  const { learningRate, steps, epsilon, rescale, weightDecay, filter, otherwise } = readOptions(
    'swan',
    swanOptions,
    options,
  );
  const matrices = chain(
    ofMatrices('whiten', (g) => {
      const x = standardized(g);
      const u = whitened(x, epsilon, steps);
      return rescale ? mul(u, div(norm(x), maximum(norm(u), tiny))) : u;
    }),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
  return forMatrices(filter, matrices, otherwise ?? adam({ learningRate }));
}

/** What float32 cannot square counts as this. */
const tiny = 1e-18;

/** Rows of mean 0 and variance 1; rows of zeros stay zeros. */
function standardized(g: Tensor): Tensor {
  matrixExtents('swan', g);
  const row = { axis: 1, keepDims: true };
  const centred = sub(g, mean(g, row));
  return div(centred, maximum(sqrt(mean(square(centred), row)), tiny));
}

/** Singular values of 1 where x has any, by the smaller Gram matrix. */
function whitened(x: Tensor, epsilon: number, steps: number): Tensor {
  const [n, m] = x.shape as readonly [number, number];
  const gram = n <= m ? matmul(x, x, { transposeB: true }) : matmul(x, x, { transposeA: true });
  const shift = maximum(mul(norm(gram), epsilon), tiny);
  const root = inverseRoot(add(gram, mul(eye(Math.min(n, m)), shift)), { steps });
  return n <= m ? matmul(root, x) : matmul(x, root);
}

function norm(x: Tensor): Tensor {
  return sqrt(sumSquares(x));
}
