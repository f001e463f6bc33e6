import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { correctBias as corrected } from '../../optim/parts/correct-bias';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { growthKind } from '../../optim/parts/limit-norm-growth';
import { scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { compress } from '../compress';
import { compressedSideKind, onSide } from '../compressed-side';
import { liftRecovered } from '../lift-recovered';
import { svd } from '../projectors/svd';
import { subspaceAdamOptions } from './adam-options';

const firaOptions = {
  ...subspaceAdamOptions,
  /** α, the size of steps in the subspace against the others (default 0.25). */
  scale: optional(number({ low: Number.MIN_VALUE }), 0.25),
  /** γ, by which the norm of the rest may grow in a step (default 1.01). */
  growth: optional(growthKind, 1.01),
  /** Which side is compressed, GaLore's `proj_type`: `std` (default) the smaller one. */
  side: optional(compressedSideKind, 'std'),
  /** Correct the moments for their start from zero (default true). */
  correctBias: optional(boolean, true),
};

/** The options of Fira. */
export interface FiraOptions extends OptionsOf<typeof firaOptions> {}

/**
 * Fira: GaLore's step, and the rest of the gradient with its channels as much longer or shorter as Adam made those in the
 * subspace: a step of full rank with the state of GaLore.
 *
 *     every T steps   P ← V_rᵀ of the gradient at hand, the moments stay as they are
 *     C = G·Pᵀ        N = M/(√V + ε), the moments of C         φ_i = ‖N_i‖/‖C_i‖
 *     R = φ ⊙ (G − α·C·P), limited to γ times the last norm    W ← W − step·(α·N·P + R)        W ← (1 − η·decay)·W
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M + r·μ + 1 floats. Pitfalls: unless α is 1, R keeps (1 − α)·C·P, so what is in
 * the subspace is applied twice, by Adam and raw; where C_i is tiny, φ_i is huge, and only the limiter holds it, which has
 * no limit for the first step.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Chen et al., "Fira: can we achieve full-rank training of LLMs under low-rank constraint?", arXiv 2410.01623,
 * Algorithm 1.
 */
export function fira(options: FiraOptions) {
  if (arguments.length > 1) refuseExtra('fira', arguments, 1);
  const { learningRate, rank, refreshEvery, beta1, beta2, epsilon, weightDecay, side, ...rest } = readOptions(
    'fira',
    firaOptions,
    options,
  );
  const { projector = svd, scale, growth, correctBias, ...places } = rest;
  return chain(
    compress({
      projector: onSide(projector, side),
      rank,
      inner: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: 'none' }),
      refreshEvery,
      onRefresh: 'keep',
      combine: liftRecovered({ scale, growth }), // α·N·P + R
      ...places,
    }),
    corrected(correctBias ? { beta1, beta2 } : { beta1: 0, beta2: 0 }), // with 0 it is a factor of 1
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}
