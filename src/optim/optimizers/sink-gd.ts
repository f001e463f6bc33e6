import { number, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { matrixExtents } from '../../tensor/linalg/checks';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { chain } from '../combinators/chain';
import { forMatrices, matricesOptions, ofMatrices } from '../for-matrices';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { rate } from '../schedules';
import { adam } from './adam';

const sinkGDOptions = {
  /** η, or a schedule of it: the root mean square of a matrix's step. */
  learningRate: required(rate),
  /** L, sweeps over rows and columns (default 5). */
  sweeps: optional(whole({ low: 1 }), 5),
  /** Decoupled weight decay of the matrices, before the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  ...matricesOptions,
};

/** The options of SinkGD. */
export interface SinkGDOptions extends OptionsOf<typeof sinkGDOptions> {}

/**
 * SinkGD: gradient descent with a gradient whose rows all have one norm, and whose columns all have one: Sinkhorn's
 * balancing of the squared entries.
 *
 *     L times   each row of X ← √m·row/‖row‖, then each column ← √n·column/‖column‖; X = G at first
 *     W ← (1 − η·decay)·W − η·X
 *
 * No state for a matrix [n, m]. ‖X‖ = √(n·m), so η is the size of an entry's step, as Adam's is. Other parameters get
 * `otherwise`, by default `adam({ learningRate })`. Pitfalls: the authors leave embeddings and the head to Adam too, which
 * `filter` is for; code without the √m and √n gives X/√n, and wants a rate √n times as large; noise counts as much as
 * signal, so batches should not be small. Rows and columns of zeros stay zeros.
 * @throws OptionError `options/…`
 * @throws ShapeError `linalg/not-a-matrix` for a vector that the filter lets through
 * @see Scetbon et al., "Gradient multi-normalization for stateless and scalable LLM training", arXiv 2502.06742, Algorithm 4.
 */
export function sinkGD(options: SinkGDOptions) {
  if (arguments.length > 1) refuseExtra('sinkGD', arguments, 1);
  const { learningRate, sweeps, weightDecay, filter, otherwise } = readOptions('sinkGD', sinkGDOptions, options);
  const matrices = chain(
    ofMatrices('sinkhorn', (g) => balanced(g, sweeps)),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
  return forMatrices(filter, matrices, otherwise ?? adam({ learningRate }));
}

/** Rows of norm √m and columns of norm √n, nearly. */
function balanced(g: Tensor, sweeps: number): Tensor {
  const [n, m] = matrixExtents('sinkGD', g);
  let x = g;
  for (let i = 0; i < sweeps; i++) {
    x = mul(div(x, norms(x, 1)), Math.sqrt(m));
    x = mul(div(x, norms(x, 0)), Math.sqrt(n));
  }
  return x;
}

/** The norms of rows (axis 1) or columns (axis 0); what float32 cannot square counts as 1e-18. */
function norms(x: Tensor, axis: 0 | 1): Tensor {
  return maximum(sqrt(sum(square(x), { axis, keepDims: true })), 1e-18);
}
